/** Active checks and agents in a config: what is filled in, and what is said of bad values. */
import { describe, expect, it } from 'vitest'
import { validateConfig } from '../../src/config/validate.js'
import { problemsIn } from './config-file.js'

const configOf = (health: object, cluster: object = {}) =>
  validateConfig({
    listeners: [{ address: '127.0.0.1:1', cluster: 'web' }],
    clusters: { web: { backends: ['127.0.0.1:2'], health, ...cluster } },
  }).clusters.web!

const checkOf = (check: unknown, cluster: object = {}) => configOf({ check }, cluster).health.check!

const problemsOf = (health: object, cluster: object = {}): string[] =>
  problemsIn(() => configOf(health, cluster))

describe('a check', () => {
  it('there is none, and no agent, if the config names none', () => {
    expect(configOf({}).health).toMatchObject({ check: undefined, agent: undefined })
  })

  it('has HAProxy’s times and counts if nothing is said', () => {
    expect(checkOf('tcp')).toEqual({
      probe: { kind: 'tcp' },
      port: undefined,
      tls: undefined,
      startTls: undefined,
      sendProxy: undefined,
      everyMs: 2000,
      fastMs: 2000,
      downMs: 2000,
      timeoutMs: 2000,
      rise: 2,
      fall: 3,
      jitterPercent: 10,
      init: 'up',
    })
  })

  it('is a handshake with the defaults of TLS for "tls", and a request for "http"', () => {
    expect(checkOf('tls')).toMatchObject({ probe: { kind: 'tls' }, tls: { verify: true } })
    expect(checkOf('http').probe).toEqual({
      kind: 'http',
      method: 'GET',
      path: '/',
      host: undefined,
      status: [{ from: 200, to: 399 }],
    })
  })

  const secured = { tls: { serverName: 'a.test' }, sendProxy: 'v2', startTls: 'postgres' }

  it('does what connections of clients do, if it has no port of its own', () => {
    const inherited = { tls: { serverName: 'a.test' }, sendProxy: 'v2', startTls: 'postgres' }
    expect(checkOf({ everyMs: '1s' }, secured)).toMatchObject({ probe: { kind: 'tls' }, ...inherited })
    expect(checkOf('tcp', secured)).toMatchObject({ probe: { kind: 'tcp' }, tls: undefined })
    expect(checkOf({ sendProxy: 'off' }, secured)).toMatchObject({ sendProxy: undefined })
  })

  it('is plain at a port of its own, unless it says otherwise', () => {
    const plain = { probe: { kind: 'tcp' }, tls: undefined, sendProxy: undefined, startTls: undefined }
    expect(checkOf({ port: 81 }, secured)).toMatchObject(plain)
    expect(checkOf({ port: 81, tls: true, sendProxy: 'v1' }, secured)).toMatchObject({
      probe: { kind: 'tls' },
      tls: { serverName: 'a.test' },
      sendProxy: 'v1',
    })
    expect(checkOf({ port: 81, tls: { verify: false } }, secured).tls).toMatchObject({ verify: false })
  })

  it('has statuses as numbers, texts or ranges, and shorter times where they are written', () => {
    const check = checkOf({ http: { status: [200, '301-302', '404'] }, everyMs: '5s', downMs: '10s' })
    expect(check.probe).toMatchObject({
      status: [
        { from: 200, to: 200 },
        { from: 301, to: 302 },
        { from: 404, to: 404 },
      ],
    })
    expect(check).toMatchObject({ everyMs: 5000, fastMs: 5000, downMs: 10_000, timeoutMs: 5000 })
  })

  it('has a script of texts and of bytes in hex', () => {
    const script = [
      { send: 'PING\r\n' },
      { expect: '+PONG', at: 0 },
      { send: 'hex:00 ff0a' },
      { expect: 'é' },
    ]
    expect(checkOf({ script }).probe).toEqual({
      kind: 'script',
      steps: [
        { send: 'PING\r\n' },
        { expect: '+PONG', at: 0 },
        { send: '\0\xff\n' },
        { expect: '\xc3\xa9', at: undefined },
      ],
    })
  })
})

describe('a bad check', () => {
  const at = (key: string, message: string) => [
    expect.stringContaining(`clusters.web.health.${key}: ${message}`),
  ]

  it.each([
    ['udp', 'check', 'expected "tcp", "tls", "http", or a map such as { port: 8081 }, found "udp"'],
    [{ path: '/' }, 'check.path', 'unknown key: write one of "http"'],
    [{ http: { path: 'x' } }, 'check.http.path', 'expected a path that begins with "/"'],
    [{ http: { status: '399-200' } }, 'check.http.status', 'expected a status such as 200'],
    [{ script: [] }, 'check.script', 'expected a list of steps, found an empty list'],
    [{ script: Array(21).fill({ send: 'x' }) }, 'check.script', 'expected at most 20 steps, found 21'],
    [{ script: [{ send: 'hex:123' }] }, 'check.script[0].send', 'expected hex: and pairs of hex digits'],
    [{ script: [{ send: '' }] }, 'check.script[0].send', 'expected a text of 1 to 4096 bytes'],
    [{ script: [{ send: 'a', expect: 'b' }] }, 'check.script[0]', 'expected either "send" or "expect"'],
    [{ script: [{ send: 'a', at: 0 }] }, 'check.script[0]', 'expected either "send" or "expect"'],
    [{ fall: 0 }, 'check.fall', 'expected a whole number from 1 to 1000, found 0'],
    [{ http: true, script: [{ send: 'x' }] }, 'check', 'a check cannot have both "http" and "script"'],
    [{ tls: { cert: 'PEM' } }, 'check.tls', 'key is missing: write both cert and key'],
  ])('%o is an error', (check, key, message) => {
    expect(problemsOf({ check })).toEqual(expect.arrayContaining(at(key, message)))
  })

  it('names a certificate that cannot be read', () => {
    expect(problemsOf({ check: { tls: { ca: '/no/such/file' } } })).toEqual(
      at('check.tls.ca', 'cannot read the file "/no/such/file"'),
    )
  })

  it('has a port although a backend is a unix socket, and so has an agent', () => {
    const health = { check: { port: 81 }, agent: { port: 82 } }
    const message = 'backends[1] is a unix socket and has no port: remove this key'
    expect(problemsOf(health, { backends: ['127.0.0.1:2', 'unix:/run/a.sock'] })).toEqual([
      ...at('check.port', message),
      ...at('agent', message),
    ])
  })
})

describe('an agent', () => {
  it('is asked every 2 s, and sent nothing, if nothing is said', () => {
    expect(configOf({ agent: { port: 9999 } }).health.agent).toEqual({
      port: 9999,
      send: '',
      everyMs: 2000,
      timeoutMs: 2000,
    })
  })

  it('needs a port', () => {
    expect(problemsOf({ agent: {} })).toEqual([
      'clusters.web.health.agent.port: is missing: expected a whole number from 1 to 65535',
    ])
  })
})
