/** How names of backends are resolved, as a config says it. */
import { describe, expect, it } from 'vitest'
import { formatPath } from '../../src/config/checks/path.js'
import type { ProxyConfig } from '../../src/config/input.js'
import { judge, validateConfig } from '../../src/config/validate.js'

const inputOf = (part: object, backends: unknown = ['127.0.0.1:2']): ProxyConfig =>
  ({
    listeners: [{ address: '127.0.0.1:1', cluster: 'web' }],
    clusters: { web: { backends } },
    ...part,
  }) as ProxyConfig
const problemsOf = (input: ProxyConfig): string[] => {
  const verdict = judge(input)
  return 'config' in verdict
    ? []
    : verdict.findings.map(({ path, message }) => `${formatPath(path)}: ${message}`)
}
const backendsOf = (...backends: unknown[]) => {
  const { backends: plain, expansions } = validateConfig(inputOf({}, backends)).clusters.web!
  return { plain: plain.length, expansions }
}
const problemsOfBackend = (backend: unknown) =>
  problemsOf(inputOf({}, [backend])).map((each) => each.replace('clusters.web.backends[0]', ''))

describe('names', () => {
  it('a DNS server is an IP address, with a port or without', () => {
    const servers = ['192.0.2.53', '2001:db8::53', '192.0.2.53:5353', '[2001:db8::53]:5353']
    expect(validateConfig(inputOf({ names: { servers } })).names.servers).toEqual([
      { ip: '192.0.2.53', port: 53 },
      { ip: '2001:db8::53', port: 53 },
      { ip: '192.0.2.53', port: 5353 },
      { ip: '2001:db8::53', port: 5353 },
    ])
  })

  it.each([
    [{ servers: [] }, 'names.servers: expected a list of DNS servers, found an empty list'],
    [
      { servers: ['dns.example:53'] },
      'names.servers[0]: "dns.example:53": a DNS server needs an IP address: write one such as 192.0.2.53 or "[2001:db8::53]:5353"',
    ],
    [
      { servers: ['192.0.2.53:0'] },
      'names.servers[0]: "192.0.2.53:0": a DNS server needs an IP address: write one such as 192.0.2.53 or "[2001:db8::53]:5353"',
    ],
    [
      { minTtlMs: '1m', maxTtlMs: '30s' },
      'names.maxTtlMs: expected at least minTtlMs, which is 60000ms, found "30000ms"',
    ],
    [{ minTtlMs: 0 }, 'names.minTtlMs: expected a duration from 1ms to 24d, found 0'],
    [{ emptyAnswers: 0 }, 'names.emptyAnswers: expected a whole number from 1 to 100, found 0'],
    [{ jitterPercent: 51 }, 'names.jitterPercent: expected a whole number from 0 to 50, found 51'],
    [{ server: '192.0.2.53' }, 'names.server: unknown key; did you mean "servers"?'],
  ])('a config says what is wrong with names of %j', (names, problem) => {
    expect(problemsOf(inputOf({ names }))).toEqual([problem])
  })
})

describe('names of backends', () => {
  it('a name that is expanded is no backend by itself', () => {
    expect(backendsOf({ address: 'app.internal:80', expand: 'all', weight: 3, tier: 2 }, 'db:1')).toEqual({
      plain: 1,
      expansions: [{ kind: 'host', name: 'app.internal', port: 80, weight: 3, tier: 2, maxConnections: 0 }],
    })
    expect(backendsOf({ address: 'app.internal:80', expand: 'all', backup: true }).expansions).toMatchObject([
      { tier: 100 },
    ])
    expect(backendsOf({ address: 'app.internal:80', expand: 'first' })).toEqual({ plain: 1, expansions: [] })
  })

  it('the name of a service stands alone', () => {
    const expansions = [{ kind: 'srv', name: '_pg._tcp.internal', maxConnections: 0 }]
    expect(backendsOf({ srv: '_pg._tcp.internal' })).toEqual({ plain: 0, expansions })
  })

  it.each([
    [
      { address: '10.0.0.1:80', expand: 'all' },
      '.expand: "10.0.0.1:80" has no host name that could mean several addresses: remove "expand"',
    ],
    [
      { address: 'unix:/run/a.sock', expand: 'all' },
      '.expand: "unix:/run/a.sock" has no host name that could mean several addresses: remove "expand"',
    ],
    [
      { address: 'a:80', expand: 'al' },
      '.expand: expected one of "first", "all", found "al"; did you mean "all"?',
    ],
    [
      { address: 'a:80', srv: '_pg._tcp' },
      '.address: a backend cannot have both "address" and "srv": remove one',
    ],
    [
      { srv: '_pg._tcp.internal', weight: 2 },
      '.weight: the SRV records decide about this: remove "weight", or write "address" instead of "srv"',
    ],
    [
      { srv: '_pg._tcp.internal:5432' },
      '.srv: "_pg._tcp.internal:5432": this is not the name of a service: write a name such as _postgresql._tcp.example.com',
    ],
    [
      { srv: '' },
      '.srv: "": this is not the name of a service: write a name such as _postgresql._tcp.example.com',
    ],
  ])('a config says what is wrong with a backend of %j', (backend, problem) => {
    expect(problemsOfBackend(backend)).toEqual([problem])
  })

  it('names behind a forward proxy cannot be expanded, because it resolves them', () => {
    const web = {
      via: 'socks5://127.0.0.1:1080',
      backends: [{ srv: '_a._tcp.b' }, { address: 'app:80', expand: 'all' }],
    }
    const remedy = 'because the forward proxy resolves the names: remove this key'
    expect(problemsOf(inputOf({ clusters: { web } }))).toEqual([
      `clusters.web.backends[0].srv: cannot stand beside "via", ${remedy}`,
      `clusters.web.backends[1].expand: cannot stand beside "via", ${remedy}`,
    ])
  })

  it('a cluster cannot have the same name twice, expanded or not', () => {
    const twice = [{ address: 'app:80', expand: 'all' }, 'app:80', { srv: '_a._tcp.b' }, { srv: '_A._tcp.b' }]
    expect(problemsOf(inputOf({}, twice))).toEqual([
      'clusters.web.backends[1]: app:80 is already used at clusters.web.backends[0]: remove one. For a larger share, use a larger weight',
      'clusters.web.backends[3]: _a._tcp.b is already used at clusters.web.backends[2]: remove one',
    ])
  })
})
