/** The tests of a config: what becomes of their clients, and what a test that fails says. No test opens a socket. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { formatPath } from '../../src/config/checks/path.js'
import type { ProxyConfig } from '../../src/config/input.js'
import type { ListenerInput } from '../../src/config/listener-input.js'
import type { ExpectInput, TestInput } from '../../src/config/tests-input.js'
import { validateConfig } from '../../src/config/validate.js'
import { failedTests } from '../../src/trial/trials.js'
import { selfSigned } from '../support/certificate.js'
import { temporaryFolder } from '../support/folder.js'

const folder = temporaryFolder()
const CLUSTERS = Object.fromEntries(['a', 'b', 'c', 'd'].map((name) => [name, { backends: ['192.0.2.9:1'] }]))

/** What the tests of a listener `web` complain of, without the path of each. */
async function complaints(
  listener: Partial<ListenerInput>,
  tests: readonly TestInput[],
  more: Partial<ProxyConfig> = {},
): Promise<string[]> {
  const listeners = [{ name: 'web', address: '127.0.0.1:1', ...listener }]
  const input = { listeners, clusters: CLUSTERS, ...more, tests }
  const config = validateConfig(input)
  return (await failedTests(config, input, formatPath)).map(
    ({ path, message }) => `${formatPath(path)}: ${message}`,
  )
}

/** Fails unless each client has its outcome, and unless each has only this one. */
async function hold(
  listener: Partial<ListenerInput>,
  outcomes: readonly (readonly [Omit<TestInput, 'expect'>, ExpectInput])[],
  more: Partial<ProxyConfig> = {},
): Promise<void> {
  const tests = outcomes.map(([client, outcome]) => ({ ...client, expect: outcome }))
  expect(await complaints(listener, tests, more)).toEqual([])
  const wrong = tests.map(
    (test) => ({ ...test, expect: test.expect === 'waits' ? 'rejected' : 'waits' }) as const,
  )
  expect(await complaints(listener, wrong, more)).toHaveLength(tests.length)
}

describe('tests of a config', () => {
  it('a client goes where its server name, its ALPN and its address lead', async () => {
    await hold(
      {
        cluster: 'd',
        onNoSni: 'c',
        routes: [
          { sni: '*.example.com', cluster: 'b' },
          { sni: 'a.example.com', cluster: 'a' },
          { alpn: 'h2', cluster: 'c' },
          { sni: '*', source: '10.0.0.0/8', reject: true },
        ],
      },
      [
        [{ sni: 'a.example.com' }, { cluster: 'a' }],
        [{ sni: 'x.example.com' }, { cluster: 'b' }],
        [{ sni: 'other.test', alpn: ['h2', 'http/1.1'] }, { cluster: 'c' }],
        [{ sni: 'other.test' }, { cluster: 'd' }],
        [{ tls: true }, { cluster: 'c' }],
        [{ sni: 'other.test', from: '10.0.0.7' }, { rejected: 'rejected' }],
        [{ speaks: 'ssh' }, { rejected: 'bad-hello' }],
        [{}, { rejected: 'first-bytes-timeout' }],
      ],
    )
  })

  it('a client goes where its first bytes lead, or its silence', async () => {
    await hold(
      {
        cluster: 'd',
        onSilent: { afterMs: '1s', cluster: 'c' },
        routes: [
          { speaks: 'ssh', cluster: 'a' },
          { speaks: 'hex:0102', cluster: 'b' },
        ],
      },
      [
        [{ speaks: 'ssh' }, { cluster: 'a' }],
        [{ speaks: 'hex:010203' }, { cluster: 'b' }],
        [{ speaks: 'redis' }, { cluster: 'd' }],
        [{ speaks: 'nothing' }, { cluster: 'c' }],
        [{}, { cluster: 'c' }],
      ],
    )
  })

  it('a request goes where its host and its path lead, also inside TLS', async () => {
    const { cert, key } = await selfSigned(folder)
    await hold(
      {
        protocol: 'http',
        http: 'forward',
        tls: { cert, key },
        clientFrom: { trusted: ['192.0.2.0/24'] },
        routes: [
          { host: 'a.test', path: '/chat', cluster: 'a', http: 'reject' },
          { host: 'a.test', source: '10.0.0.0/8', cluster: 'c' },
          { host: 'a.test', cluster: 'b' },
        ],
      },
      [
        [{ host: 'a.test', path: '/chat/room', websocket: true }, { cluster: 'a' }],
        [{ host: 'a.test', path: '/chat' }, { rejected: 'upgrade-required' }],
        [{ sni: 'a.test' }, { cluster: 'b' }],
        [{ host: 'a.test', fields: { 'X-Forwarded-For': '10.1.1.1' } }, { cluster: 'c' }],
        [{ host: 'b.test' }, { rejected: 'no-route' }],
        [{ tls: false }, { rejected: 'bad-hello' }],
      ],
    )
  })

  it('a Postgres client goes where its user and its database lead, also when it asks for TLS', async () => {
    const { cert, key } = await selfSigned(folder)
    await hold(
      {
        startTls: 'postgres',
        tls: { cert, key },
        cluster: 'd',
        routes: [
          { user: 'app', database: 'orders', cluster: 'a' },
          { database: 'orders', cluster: 'b' },
        ],
      },
      [
        [{ user: 'app', database: 'orders' }, { cluster: 'a' }],
        [{ user: 'app', database: 'orders', tls: false }, { cluster: 'a' }],
        [{ database: 'orders', tls: false }, { cluster: 'b' }],
        [{ tls: false }, { cluster: 'd' }],
      ],
    )
  })

  it('lists, PROXY headers and bans decide about a client', async () => {
    const file = join(folder, 'denied.txt')
    writeFileSync(file, '203.0.113.0/24\n')
    const limits = { deny: ['198.51.100.0/24', '!198.51.100.7', { file }] }
    await hold({ cluster: 'a', limits }, [
      [{ from: '198.51.100.1' }, { rejected: 'denied: list of the config' }],
      [{ from: '198.51.100.7' }, { cluster: 'a' }],
      [{ from: '203.0.113.9' }, { rejected: 'denied' }],
    ])
    await hold({ cluster: 'a', limits, acceptProxy: { from: ['10.0.0.0/8'] } }, [
      [{ from: '10.0.0.1', proxyHeader: '203.0.113.9' }, { rejected: 'denied' }],
      [{ from: '10.0.0.1', proxyHeader: '192.0.2.1' }, { cluster: 'a' }],
      [{ from: '10.0.0.1' }, { rejected: 'proxy-header' }],
      [{ from: '192.0.2.1', proxyHeader: '192.0.2.1' }, { rejected: 'proxy-header' }],
    ])
    const routes = [{ source: '10.0.0.0/8', reject: true }] as const
    await hold({ cluster: 'a', routes, limits: { ban: { after: 2 } } }, [
      [{ from: '10.0.0.7', nth: 2 }, { rejected: 'rejected' }],
      [{ from: '10.0.0.7', nth: 3 }, { rejected: 'denied: banned' }],
    ])
  })

  it('the client after the last place waits or is rejected', async () => {
    await hold({ cluster: 'a', limits: { maxConnections: 20 } }, [
      [{ nth: 20 }, { cluster: 'a' }],
      [{ nth: 21 }, 'waits'],
    ])
    await hold({ cluster: 'a', limits: { perSource: { newPerSecond: 5 }, refuseAs: 'auto' } }, [
      [{ nth: 5 }, { cluster: 'a' }],
      [{ nth: 6 }, { rejected: 'source-limit: rate' }],
    ])
    const queue = { backends: [{ address: '192.0.2.9:1', maxConnections: 2 }], limits: { queueLength: 1 } }
    await hold(
      { cluster: 'a' },
      [
        [{ nth: 2 }, { cluster: 'a' }],
        [{ nth: 3 }, 'waits'],
        [{ nth: 4 }, { rejected: 'queue-full' }],
      ],
      { clusters: { a: queue } },
    )
  })

  it('names of backends need no DNS, and a name that a client may not dial is rejected', async () => {
    const a = { backends: ['db.invalid:1'] }
    const b = { dial: { server: 'sni', allow: ['ok.test'] } } as const
    await hold({ cluster: 'a' }, [[{}, { cluster: 'a' }]], { clusters: { a } })
    await hold(
      { cluster: 'b' },
      [
        [{ sni: 'ok.test' }, { cluster: 'b' }],
        [{ sni: 'bad.test' }, { rejected: 'not-allowed' }],
      ],
      { clusters: { b } },
    )
  })

  it('a test that fails says what was expected, what happened, and which rule decided', async () => {
    const routes = [
      { sni: 'a.test', cluster: 'a' },
      { sni: 'b.test', reject: true },
    ] as const
    expect(
      await complaints({ cluster: 'c', routes, limits: { maxConnections: 1 } }, [
        { sni: 'a.test', expect: { cluster: 'b' } },
        { sni: 'b.test', expect: 'waits' },
        { sni: 'c.test', expect: 'rejected' },
        { sni: 'a.test', nth: 2, expect: { rejected: 'no-route' } },
        { sni: 'a.test', expect: { rejected: 'no-rout' } },
      ]),
    ).toEqual([
      'tests[0].expect: expected that the client goes to cluster "b", but it goes to cluster "a". listeners[0].routes[0] decides this',
      'tests[1].expect: expected that the client waits, but it is rejected for "rejected". listeners[0].routes[1] decides this',
      'tests[2].expect: expected that the client is rejected, but it goes to cluster "c". listeners[0].cluster decides this',
      expect.stringMatching(
        /is rejected for "no-route", but it waits at its listener \(listener web: maxConnections is reached/,
      ),
      'tests[4].expect: no record has the cause "no-rout"; did you mean "no-route"?',
    ])
  })
})

it('a test names one address of a listener, or the listener for its first address, and the place is that of the file', async () => {
  const more = { name: 'more', addresses: ['127.0.0.1:2', '127.0.0.1:3'], cluster: 'b' }
  const last = { name: 'last', address: '127.0.0.1:4', cluster: 'c' }
  const listeners = [{ name: 'web', address: '127.0.0.1:1', cluster: 'a' }, more, last]
  const tests = [
    { listener: 'more', expect: { cluster: 'b' } },
    { listener: 'more@127.0.0.1:3', expect: { cluster: 'b' } },
    { listener: 'last', expect: { cluster: 'd' } },
  ]
  const [complaint = '', ...others] = await complaints({}, tests, { listeners })
  expect(others).toEqual([])
  expect(complaint).toContain('tests[2].expect')
  expect(complaint).toContain('listeners[2].cluster')
})

it('a test of an address that no listener has is refused', () => {
  const listeners = [{ name: 'more', addresses: ['127.0.0.1:2', '127.0.0.1:3'], cluster: 'a' }]
  const tests = [{ listener: 'more@127.0.0.1:9', expect: { cluster: 'a' } }]
  expect(() => validateConfig({ listeners, clusters: CLUSTERS, tests })).toThrow(
    'there is no listener "more@127.0.0.1:9"',
  )
})
