/** `routes[].speaks`, `onSilent` and `http: pass` in a config: what is accepted, and what the errors say. */
import { describe, expect, it } from 'vitest'
import { validateConfig } from '../../src/config/validate.js'
import { problemsIn } from './config-file.js'

const configOf = (listener: object, more: object = {}) =>
  validateConfig({
    listeners: [{ name: 'front', address: '127.0.0.1:1', ...listener }],
    clusters: {
      web: { backends: ['127.0.0.1:2'] },
      keyed: { backends: ['127.0.0.1:3'], balance: 'hash', hash: { key: 'sni' } },
    },
    ...more,
  })

const problemsOf = (listener: object, more: object = {}): string[] =>
  problemsIn(() => configOf(listener, more))

const speaks = (...values: unknown[]) => ({
  routes: values.map((each) => ({ speaks: each, cluster: 'web' })),
})
const onSilent = { afterMs: '2s', cluster: 'web' }
const FIRST_SPEAKS = 'listeners[0].routes[0].speaks'

describe('speaks', () => {
  it('a route takes one name, bytes in hex, or a list of both, and digits of hex in any case', () => {
    const { routes } = configOf(speaks('ssh', ['tls', 'hex:0AfF'])).listeners[0]!
    expect(routes.map((route) => route.speaks)).toEqual([['ssh'], ['tls', 'hex:0aff']])
  })

  it.each([
    ['shh', 'this is no protocol that millrace knows, and no bytes such as hex:160301; did you mean "ssh"?'],
    ['smtp', 'hex:160301: write one of "tls", "http", "ssh", "postgres", "rdp", "redis", "proxy"'],
    ['SSH', 'did you mean "ssh"?'],
    ['0x16 03', 'write the bytes as "hex:1603"'],
    ['16:03:01', 'write the bytes as "hex:160301"'],
    ['\\x16\\x03', 'write the bytes as "hex:1603"'],
    ['hex:16 03', 'write the bytes as "hex:1603"'],
    ['HEX:1603', 'write the bytes as "hex:1603"'],
    ['hex:', 'write two hexadecimal digits for each byte, such as hex:160301'],
    ['hex:160', 'write two hexadecimal digits for each byte, such as hex:160301'],
    ['hex:xy', 'write two hexadecimal digits for each byte, such as hex:160301'],
    [`hex:${'00'.repeat(65)}`, 'expected at most 64 bytes, found 65'],
    ['', 'this is no protocol that millrace knows'],
    [1603, 'expected a protocol such as ssh, or bytes such as hex:160301, found 1603; put it in quotes'],
  ])('speaks: %j is refused with what to write instead', (value, message) => {
    const [problem, ...others] = problemsOf(speaks(value))
    expect(others).toEqual([])
    expect(problem).toContain(FIRST_SPEAKS)
    expect(problem).toContain(message)
  })

  it.each<[string, object, string]>([
    [
      'HTTP',
      { protocol: 'http', ...speaks('ssh') },
      `${FIRST_SPEAKS}: works only with "protocol: tcp": give HTTP clients a listener of their own, or remove this key`,
    ],
    [
      'startTls',
      { startTls: 'postgres', ...speaks('ssh') },
      `${FIRST_SPEAKS}: a listener with "startTls" serves only Postgres clients: remove one of the two keys`,
    ],
    [
      'a server name that only TLS has',
      { routes: [{ speaks: ['ssh', 'http'], sni: 'a.test', cluster: 'web' }] },
      'listeners[0].routes[0].sni: no client matches this route, because only TLS has "sni": write "speaks: tls", or remove this key',
    ],
    [
      'a route before it that takes the same clients',
      speaks(['ssh', 'tls'], 'http', ['tls', 'http']),
      'listeners[0].routes[2].speaks: no client matches this route, because routes[1] takes them before: remove one of the two',
    ],
    [
      'a route before it whose bytes are the beginning of its own',
      speaks('hex:AB', 'hex:abcd'),
      'listeners[0].routes[1].speaks: no client matches this route, because routes[0] takes them before: remove one of the two',
    ],
    [
      'a route before it that rejects all clients, also those without TLS',
      {
        routes: [{ reject: true }, { speaks: 'ssh', cluster: 'web' }, { sni: 'a.test', cluster: 'web' }],
      },
      'listeners[0].routes[1].speaks: no client matches this route, because routes[0] takes them before: remove one of the two',
    ],
    [
      'a route before it that takes all clients',
      { routes: [{ cluster: 'web' }, { speaks: 'ssh', cluster: 'web' }] },
      'listeners[0].routes[1].speaks: no client matches this route, because routes[0] takes them before: remove one of the two',
    ],
  ])('a route with speaks beside %s is refused', (_, listener, message) => {
    expect(problemsOf(listener)).toEqual([message])
  })

  it.each<[string, object]>([
    [
      'a server name, also in hex',
      {
        routes: [
          { speaks: ['tls'], sni: 'a.test', cluster: 'web' },
          { speaks: 'hex:16', alpn: 'h2', cluster: 'web' },
        ],
      },
    ],
    [
      'an earlier route for some addresses',
      {
        routes: [
          { source: '10.0.0.0/8', cluster: 'web' },
          { speaks: 'ssh', cluster: 'web' },
        ],
      },
    ],
    [
      'an earlier route for TLS only',
      { routes: [{ sni: 'a.test', cluster: 'web' }, { cluster: 'web' }, { speaks: 'ssh', cluster: 'web' }] },
    ],
    [
      'another condition than an equal route',
      {
        routes: [
          { speaks: 'ssh', cluster: 'web' },
          { speaks: 'ssh', source: '::1', cluster: 'web' },
        ],
      },
    ],
  ])('a route with speaks is accepted beside %s', (_, listener) => {
    expect(problemsOf(listener)).toEqual([])
  })
})

describe('onSilent', () => {
  it.each<[string, object]>([
    ['a route with speaks', speaks('ssh')],
    ['a route by name', { routes: [{ sni: 'a.test', cluster: 'web' }] }],
    ['onNoSni', { onNoSni: 'web', cluster: 'web' }],
    ['a cluster that hashes the server name', { cluster: 'keyed' }],
  ])('onSilent is accepted beside %s', (_, listener) => {
    expect(problemsOf({ ...listener, onSilent })).toEqual([])
  })

  it.each<[string, object, object, string]>([
    [
      'beside nothing that looks at bytes',
      { cluster: 'web', onSilent },
      {},
      'onSilent: does nothing, because millrace reads no byte of these clients: add "speaks" to a route, or remove this key',
    ],
    [
      'beside a route function',
      { route: () => 'web', onSilent },
      {},
      'onSilent: cannot stand beside a "route" function, which decides about every client: use "peek" there, or remove this key',
    ],
    [
      'with HTTP',
      { cluster: 'web', protocol: 'http', onSilent },
      {},
      'onSilent: works only with "protocol: tcp": give HTTP clients a listener of their own, or remove this key',
    ],
    [
      'with startTls',
      { cluster: 'web', startTls: 'postgres', onSilent },
      {},
      'onSilent: a listener with "startTls" serves only Postgres clients: remove one of the two keys',
    ],
    [
      'after the default of firstBytesMs',
      { ...speaks('ssh'), onSilent: { ...onSilent, afterMs: '5s' } },
      {},
      'onSilent.afterMs: expected less than "timeouts.firstBytesMs" (5000 ms), found "5s": write a shorter time, or raise "firstBytesMs"',
    ],
    [
      'after firstBytesMs',
      { ...speaks('ssh'), onSilent },
      { timeouts: { firstBytesMs: '1s' } },
      'onSilent.afterMs: expected less than "timeouts.firstBytesMs" (1000 ms), found "2s": write a shorter time, or raise "firstBytesMs"',
    ],
    [
      'after firstBytesMs of its listener',
      { ...speaks('ssh'), onSilent, timeouts: { firstBytesMs: '1s' } },
      {},
      'onSilent.afterMs: expected less than "timeouts.firstBytesMs" (1000 ms), found "2s": write a shorter time, or raise "firstBytesMs"',
    ],
    [
      'after no time',
      { ...speaks('ssh'), onSilent: { ...onSilent, afterMs: 0 } },
      {},
      'onSilent.afterMs: expected a duration from 1ms to 24d, found 0',
    ],
    [
      'without a time',
      { ...speaks('ssh'), onSilent: { cluster: 'web' } },
      {},
      'onSilent.afterMs: is missing: expected a duration, such as 5s, or a whole number from 0',
    ],
    [
      'for an unknown cluster',
      { ...speaks('ssh'), onSilent: { ...onSilent, cluster: 'wed' } },
      {},
      'onSilent.cluster: there is no cluster "wed"; did you mean "web"?',
    ],
    [
      'that rejects',
      { ...speaks('ssh'), onSilent: { ...onSilent, cluster: 'reject' } },
      {},
      'onSilent.cluster: there is no cluster "reject": write one of "web", "keyed"',
    ],
  ])('onSilent %s is refused', (_, listener, more, message) => {
    expect(problemsOf(listener, more)).toEqual([`listeners[0].${message}`])
  })

  it('onSilent may wait for any time if firstBytesMs has no limit', () => {
    expect(problemsOf({ ...speaks('ssh'), onSilent }, { timeouts: { firstBytesMs: 0 } })).toEqual([])
  })
})

describe('http: pass', () => {
  const http = { protocol: 'http', cluster: 'web' }

  it('a listener and a route take http: pass, beside xForwarded: off', () => {
    expect(problemsOf({ ...http, http: 'pass', xForwarded: 'off' })).toEqual([])
    const routes = [
      { host: 'a.test', cluster: 'web', http: 'pass' },
      { host: 'b.test', cluster: 'web', http: 'forward' },
    ]
    expect(problemsOf({ ...http, routes })).toEqual([])
  })

  it.each<[string, object]>([
    ['the listener', { http: 'pass', routes: [{ path: '/a', cluster: 'web' }] }],
    [
      'a route',
      {
        routes: [
          { path: '/a', cluster: 'web', http: 'pass' },
          { host: 'a.test', cluster: 'web', http: 'pass' },
          { host: 'b.test', reject: true },
        ],
        cluster: undefined,
      },
    ],
  ])('http: pass of %s is refused beside whatever needs to see each request', (_, listener) => {
    const clientFrom = { trusted: '10.0.0.0/8' }
    const beside =
      'cannot stand beside "http: pass", because millrace sees only the first request of a connection'
    expect(problemsOf({ ...http, ...listener, xForwarded: 'append', clientFrom })).toEqual([
      `listeners[0].routes[0].path: a route by path ${beside}: remove this key, or write "http: forward"`,
      `listeners[0].xForwarded: xForwarded ${beside}: remove this key, and use "sendProxy" on the cluster instead`,
      `listeners[0].clientFrom: clientFrom ${beside}: remove this key, and use "acceptProxy" instead`,
    ])
  })

  it.each<[string, object]>([
    ['another route', { http: 'pass', routes: [{ host: 'a.test', cluster: 'web', http: 'forward' }] }],
    [
      'upgrades of another route',
      { http: 'pass', routes: [{ host: 'a.test', cluster: 'web', http: 'reject' }] },
    ],
    ['the cluster of the listener', { routes: [{ host: 'a.test', cluster: 'web', http: 'pass' }] }],
  ])('xForwarded is accepted beside http: pass if it has an effect for %s', (_, listener) => {
    expect(problemsOf({ ...http, ...listener, xForwarded: 'append' })).toEqual([])
  })

  it('http: pass is refused without HTTP', () => {
    expect(problemsOf({ cluster: 'web', http: 'pass' })).toEqual([
      'listeners[0].http: works only with "protocol: http": add that to the listener, or remove this key',
    ])
  })
})
