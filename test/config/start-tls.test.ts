/** The key `startTls`: which other keys go with it, which do not, and which defaults it changes. */
import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import type { ProxyConfig } from '../../src/config/input.js'
import { validateConfig } from '../../src/config/validate.js'
import { selfSigned } from '../support/certificate.js'
import { temporaryFolder } from '../support/folder.js'
import { load, problemsIn } from './config-file.js'

const folder = temporaryFolder()
let pair: { cert: string; key: string }
beforeAll(async () => {
  pair = await selfSigned(folder)
})

const configOf = (listener: object, cluster: object = {}): ProxyConfig =>
  ({
    listeners: [{ name: 'front', address: '127.0.0.1:1', cluster: 'db', ...listener }],
    clusters: { db: { backends: ['127.0.0.1:2'], ...cluster } },
  }) as ProxyConfig

const problemsOf = (listener: object, cluster: object = {}): string[] =>
  problemsIn(() => validateConfig(configOf(listener, cluster)))

const startTls = 'postgres'

describe('startTls', () => {
  it.each<[string, object, object]>([
    ['alone', { startTls }, {}],
    [
      'with routes of every kind',
      { startTls, routes: [{ sni: 'a.test', user: 'a', database: ['b', 'c'], cluster: 'db' }] },
      {},
    ],
    ['with onNoSni', { startTls, onNoSni: 'db', onBadHello: 'reject' }, {}],
    ['in a cluster with tls', {}, { startTls, tls: {} }],
    ['in a listener and in its cluster', { startTls }, { startTls }],
  ])('startTls is accepted %s', (_, listener, cluster) => {
    expect(problemsOf(listener, cluster)).toEqual([])
  })

  it.each<[string, object, object, string[]]>([
    [
      'a protocol other than postgres',
      { startTls: 'mysql' },
      { startTls: 'smtp' },
      [
        'listeners[0].startTls: expected "postgres", found "mysql"',
        'clusters.db.startTls: expected "postgres", found "smtp"',
      ],
    ],
    [
      'protocol: http',
      { startTls, protocol: 'http' },
      {},
      ['listeners[0].startTls: a listener cannot have both "startTls" and "protocol: http": remove one'],
    ],
    [
      'a cluster for clients without a ClientHello',
      { startTls, onBadHello: 'db' },
      {},
      ['listeners[0].onBadHello: expected "reject", because the listener has "startTls", found "db"'],
    ],
    [
      'no TLS to start',
      {},
      { startTls },
      [
        'clusters.db.startTls: does nothing here: add "tls" to the cluster, or use it from a listener with "startTls" and without "tls"',
      ],
    ],
    [
      'an ALPN list that lacks postgresql',
      {},
      { startTls, tls: { alpn: ['h2'] } },
      [
        'clusters.db.tls.alpn: expected "postgresql" among the protocols, because Postgres clients ask for it, found "h2"',
      ],
    ],
    [
      'names that no server can have',
      { startTls, routes: [{ user: '', database: ['a', 'é'.repeat(32)], cluster: 'db' }] },
      {},
      [
        'listeners[0].routes[0].user: "": expected 1 to 63 bytes, found 0',
        `listeners[0].routes[0].database[1]: "${'é'.repeat(32)}": expected 1 to 63 bytes, found 64`,
      ],
    ],
  ])('startTls is refused with %s', (_, listener, cluster, problems) =>
    expect(problemsOf(listener, cluster)).toEqual(problems),
  )

  it('startTls of a cluster without tls is refused if its listener ends the TLS of clients', () =>
    expect(problemsOf({ startTls, tls: pair }, { startTls })).toEqual([
      'clusters.db.startTls: does nothing here: add "tls" to the cluster, or use it from a listener with "startTls" and without "tls"',
    ]))

  it('routes by user and database need startTls', () =>
    expect(problemsOf({ routes: [{ user: 'a', database: 'b', cluster: 'db' }] })).toEqual([
      'listeners[0].routes[0].user: works only with "startTls: postgres": add that to the listener, or remove this key',
      'listeners[0].routes[0].database: works only with "startTls: postgres": add that to the listener, or remove this key',
    ]))

  it('startTls makes postgresql the default ALPN protocol of a listener and of a cluster', () => {
    const { listeners, clusters } = validateConfig(configOf({ startTls, tls: pair }, { startTls, tls: {} }))
    expect(listeners[0]!.tls!.alpn).toEqual(['postgresql'])
    expect(clusters.db!.tls!.alpn).toEqual(['postgresql'])
    const other = validateConfig(configOf({ startTls, tls: { ...pair, alpn: ['postgresql', 'x'] } }))
    expect(other.listeners[0]!.tls!.alpn).toEqual(['postgresql', 'x'])
  })
})

describe('docs/postgres.md', () => {
  it('docs/postgres.md has an example that is a valid config', () => {
    const text = readFileSync(new URL('../../docs/postgres.md', import.meta.url), 'utf8')
    const [, example = ''] = /```yaml\n(.*?)```/s.exec(text) ?? []
    expect(Object.keys(load(example).clusters)).toEqual(['orders', 'tenants'])
  })
})
