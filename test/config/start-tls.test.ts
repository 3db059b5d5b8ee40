/** What `startTls` takes and forbids elsewhere in a config, and what follows from it. */
import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import type { ProxyConfig } from '../../src/config/input.js'
import { validateConfig } from '../../src/config/validate.js'
import type { MillraceError } from '../../src/errors.js'
import { selfSigned } from '../support/certificate.js'
import { temporaryFolder } from '../support/folder.js'
import { load } from './config-file.js'

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

function problemsOf(listener: object, cluster: object = {}): string[] {
  try {
    validateConfig(configOf(listener, cluster))
    return []
  } catch (error) {
    return (error as MillraceError).problems.map(({ path, message }) => `${path}: ${message}`)
  }
}

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
    ['of a cluster with tls', {}, { startTls, tls: {} }],
    ['of both', { startTls }, { startTls }],
  ])('is good %s', (_, listener, cluster) => {
    expect(problemsOf(listener, cluster)).toEqual([])
  })

  it.each<[string, object, object, string[]]>([
    [
      'another protocol',
      { startTls: 'mysql' },
      { startTls: 'smtp' },
      [
        'listeners[0].startTls: expected "postgres", found "mysql"',
        'clusters.db.startTls: expected "postgres", found "smtp"',
      ],
    ],
    [
      'HTTP',
      { startTls, protocol: 'http' },
      {},
      ['listeners[0].startTls: a listener has either "startTls" or "protocol: http"'],
    ],
    [
      'somewhere to go without a hello',
      { startTls, onBadHello: 'db' },
      {},
      [
        'listeners[0].onBadHello: only "reject" with "startTls": a client that asked for TLS goes nowhere without it',
      ],
    ],
    [
      'nothing to start',
      {},
      { startTls },
      [
        'clusters.db.startTls: needs "tls" of the cluster: no listener has "startTls" and lets TLS pass through',
      ],
    ],
    [
      'other protocols by ALPN',
      {},
      { startTls, tls: { alpn: ['h2'] } },
      ['clusters.db.tls.alpn: "postgresql" is missing, which clients of Postgres ask for'],
    ],
    [
      'names no server has',
      { startTls, routes: [{ user: '', database: ['a', 'é'.repeat(32)], cluster: 'db' }] },
      {},
      [
        'listeners[0].routes[0].user: "": it is empty',
        `listeners[0].routes[0].database[1]: "${'é'.repeat(32)}": it is longer than 63 bytes`,
      ],
    ],
  ])('does not go with %s', (_, listener, cluster, problems) =>
    expect(problemsOf(listener, cluster)).toEqual(problems),
  )

  it('of a cluster is not enough where TLS ends here', () =>
    expect(problemsOf({ startTls, tls: pair }, { startTls })).toEqual([
      'clusters.db.startTls: needs "tls" of the cluster: no listener has "startTls" and lets TLS pass through',
    ]))

  it('is needed by user and database', () =>
    expect(problemsOf({ routes: [{ user: 'a', database: 'b', cluster: 'db' }] })).toEqual([
      'listeners[0].routes[0].user: needs "startTls: postgres" of the listener',
      'listeners[0].routes[0].database: needs "startTls: postgres" of the listener',
    ]))

  it('offers and chooses postgresql by ALPN where nothing else is said', () => {
    const { listeners, clusters } = validateConfig(configOf({ startTls, tls: pair }, { startTls, tls: {} }))
    expect(listeners[0]!.tls!.alpn).toEqual(['postgresql'])
    expect(clusters.db!.tls!.alpn).toEqual(['postgresql'])
    const other = validateConfig(configOf({ startTls, tls: { ...pair, alpn: ['postgresql', 'x'] } }))
    expect(other.listeners[0]!.tls!.alpn).toEqual(['postgresql', 'x'])
  })
})

describe('docs/postgres.md', () => {
  it('has an example that is a good config', () => {
    const text = readFileSync(new URL('../../docs/postgres.md', import.meta.url), 'utf8')
    const [, example = ''] = /```yaml\n(.*?)```/s.exec(text) ?? []
    expect(Object.keys(load(example).clusters)).toEqual(['orders', 'tenants'])
  })
})
