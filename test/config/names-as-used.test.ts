/** The names in a config: which of them each key refuses, at which place, and what to write instead. */
import { describe, expect, it } from 'vitest'
import type { ProxyConfig } from '../../src/config/input.js'
import { validateConfig } from '../../src/config/validate.js'
import { failureOf, problemsOf } from './config-file.js'

type Place = readonly [path: string, put: (name: string) => ProxyConfig]

const listener = (more: object): ProxyConfig => ({
  listeners: [{ name: 'front', address: '127.0.0.1:0', cluster: 'back', ...more }],
  clusters: { back: { backends: ['127.0.0.1:1'] } },
})
const cluster = (more: object): ProxyConfig => ({
  listeners: [{ name: 'front', address: '127.0.0.1:0', cluster: 'back' }],
  clusters: { back: { backends: ['127.0.0.1:1'], ...more } },
})

const SERVER_NAME: Place = ['clusters.back.tls.serverName', (serverName) => cluster({ tls: { serverName } })]
const SNI: Place = [
  'listeners[0].routes[0].sni[0]',
  (name) => listener({ routes: [{ sni: [name], cluster: 'back' }] }),
]
const HOST: Place = [
  'listeners[0].routes[0].host[0]',
  (name) => listener({ protocol: 'http', routes: [{ host: [name], cluster: 'back' }] }),
]
const ADMIN_HOST: Place = [
  'admin.hosts[0]',
  (name) => ({ ...cluster({}), admin: { address: '127.0.0.1:1', token: 'x'.repeat(16), hosts: [name] } }),
]
const ROUTE_ALPN: Place = [
  'listeners[0].routes[0].alpn[0]',
  (name) => listener({ routes: [{ alpn: [name], cluster: 'back' }] }),
]
const BACKEND_ALPN: Place = ['clusters.back.tls.alpn[0]', (name) => cluster({ tls: { alpn: [name] } })]
const BACKEND: Place = ['clusters.back.backends[0]', (name) => cluster({ backends: [`${name}:80`] })]
const TAG: Place = ['listeners[0].tags', (key) => listener({ tags: { [key]: 'x' } })]

const problemsWith = ([, put]: Place, name: string): string[] =>
  failureOf(() => validateConfig(put(name))).problems.map(({ path, message }) => `${path}: ${message}`)

const LONG = `${'a'.repeat(64)}.example`

describe.each([
  ['a server name', SERVER_NAME],
  ['a pattern of server names', SNI],
  ['a pattern of hosts', HOST],
  ['a name of the admin address', ADMIN_HOST],
] as [string, Place][])('%s', (key, place) => {
  it.each(['example.com', 'EXAMPLE.com', 'localhost', 'under_score.internal', 'xn--bcher-kva.example'])(
    `${key} may be %s`,
    (name) => {
      expect(() => validateConfig(place[1](name))).not.toThrow()
    },
  )

  it.each([
    ['example.com:123', 'write "example.com", without scheme, port and path'],
    ['http://x', 'write "x", without scheme, port and path'],
    ['https://user@example.com:8443/path?query', 'write "example.com", without scheme, port and path'],
    ['example.com/', 'write "example.com", without scheme, port and path'],
    [' example.com', 'write "example.com", without spaces around it'],
    ['bücher.example', 'write "xn--bcher-kva.example", which is its form in ASCII'],
    ['a b', 'this is not a host name'],
    ['', 'this is not a host name'],
    ['.', 'this is neither a host name nor an IPv4 address'],
    ['a..b', 'this is not a host name'],
    ['-a.example', 'this is not a host name'],
    ['a.example\n', 'write "a.example", without spaces around it'],
    ['a\u0000.example', 'this is not a host name'],
    ['1.2.3', 'this is neither a host name nor an IPv4 address'],
    ['256.0.0.1', 'this is neither a host name nor an IPv4 address'],
    [LONG, 'this is not a host name'],
    [`${'a.'.repeat(127)}bc`, 'this is not a host name'],
  ])(`${key} may not be %j, and the error says what to write`, (name, hint) => {
    const problems = problemsWith(place, name)
    expect(problems).toEqual([expect.stringContaining(hint)])
    expect(problems[0]!.startsWith(`${place[0]}: `)).toBe(true)
  })
})

describe('an IP address', () => {
  it.each(['127.0.0.1', '::1', '[::1]', '[::1]:80'])(
    'the IP address %s is refused as server name and as pattern',
    (name) => {
      for (const place of [SERVER_NAME, SNI, HOST]) {
        expect(problemsWith(place, name)).toEqual([expect.stringMatching(/IP address/)])
      }
    },
  )

  it('an IP address is accepted in admin.hosts, but not with a port', () => {
    expect(() => validateConfig(ADMIN_HOST[1]('fd00::9'))).not.toThrow()
    expect(problemsWith(ADMIN_HOST, '10.0.0.9:80')).toEqual([expect.stringContaining('write "10.0.0.9"')])
    expect(problemsWith(ADMIN_HOST, '[fd00::9]')).toEqual([expect.stringContaining('write "fd00::9"')])
  })
})

it('the error of a pattern with a port says to write the pattern with its star', () => {
  expect(problemsWith(SNI, '*.example.com:443')).toEqual([expect.stringContaining('write "*.example.com"')])
})

it('a server name is used in small letters and without its trailing dot', () => {
  const { clusters } = validateConfig(SERVER_NAME[1]('Example.COM.'))
  expect(clusters.back!.tls!.serverName).toBe('example.com')
})

describe('the host name of a backend', () => {
  it.each([
    ['http://x', 'is not an address'],
    ['a b', 'is not a host name'],
    ['bücher.example', 'write xn--bcher-kva.example'],
    ['0x7f.1', 'is not an IPv4 address'],
    ['0x7f000001', 'is not an IPv4 address'],
    ['127.1', 'is not an IPv4 address'],
    [LONG, 'is not a host name'],
  ])('the host name of a backend may not be %j', (name, hint) => {
    const problems = problemsWith(BACKEND, name)
    expect(problems).toEqual([expect.stringContaining(hint)])
    expect(problems[0]!.startsWith(`${BACKEND[0]}: `)).toBe(true)
  })

  it.each(['db', 'web.1', 'x0f.example', 'db.example.', 'a_b.internal'])(
    'the host name of a backend may be %s',
    (name) => {
      expect(() => validateConfig(BACKEND[1](name))).not.toThrow()
    },
  )
})

describe.each([
  ['of a route', ROUTE_ALPN],
  ['towards backends', BACKEND_ALPN],
] as [string, Place][])('an ALPN protocol %s', (use, place) => {
  it.each(['h2', 'http/1.1', 'postgresql', 'x'.repeat(255)])(`an ALPN protocol ${use} may be %s`, (name) => {
    expect(() => validateConfig(place[1](name))).not.toThrow()
  })

  it.each([
    ['', '1 to 255 visible ASCII characters'],
    ['x'.repeat(256), '1 to 255 visible ASCII characters'],
    ['é', '1 to 255 visible ASCII characters'],
    ['h2\n', '1 to 255 visible ASCII characters'],
    ['h2, http/1.1', 'write several protocols as a list: [h2, http/1.1]'],
    ['h2 http/1.1', 'write several protocols as a list: [h2, http/1.1]'],
  ])(`an ALPN protocol ${use} may not be %j`, (name, hint) => {
    const problems = problemsWith(place, name)
    expect(problems).toEqual([expect.stringContaining(hint)])
    expect(problems[0]!.startsWith(`${place[0]}: `)).toBe(true)
  })
})

describe('the key of a tag', () => {
  it.each(['', 'x'.repeat(64), 'a\nb', 'a\u202eb'])('the key of a tag may not be %j', (key) => {
    expect(problemsWith(TAG, key)).toEqual([expect.stringContaining('a tag key of 1 to 63 characters')])
  })

  it.each(['team', 'Team name', 'x'.repeat(63)])('the key of a tag may be %s', (key) => {
    expect(() => validateConfig(TAG[1](key))).not.toThrow()
  })
})

it('the error of a name has the line and column of the name in the file', () => {
  const problems = problemsOf(`
listeners:
  - address: 127.0.0.1:0
    routes: [{ sni: "http://x", cluster: back }]
clusters:
  back:
    backends: [127.0.0.1:1]
    tls: { serverName: "example.com:123" }
`)
  expect(problems).toEqual([
    '4:21 listeners[0].routes[0].sni: "http://x": write "x", without scheme, port and path',
    '8:24 clusters.back.tls.serverName: "example.com:123": write "example.com", without scheme, port and path',
  ])
})
