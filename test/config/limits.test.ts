/** How a config says limits, and what is said of limits that cannot be read or do not go together. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { validateConfig } from '../../src/config/validate.js'
import { temporaryFolder } from '../support/folder.js'
import { problemsIn } from './config-file.js'

const folder = temporaryFolder()

interface Parts {
  readonly limits?: object
  readonly timeouts?: object
  readonly listener?: object
  readonly cluster?: object
}

const configOf = ({ listener, cluster, ...rest }: Parts) =>
  validateConfig({
    listeners: [{ name: 'front', address: '127.0.0.1:1', cluster: 'db', ...listener }],
    clusters: { db: { backends: ['127.0.0.1:2'], ...cluster } },
    ...rest,
  })

const problemsOf = (parts: Parts): string[] => problemsIn(() => configOf(parts))

const inCluster = (limits: object, more: object = {}): Parts => ({ cluster: { limits, ...more } })
const inListener = (limits: object, more: object = {}): Parts => ({ listener: { limits, ...more } })
const some = { maxConnections: 5 }

describe('the limits of a config', () => {
  it('a config without limits has none', () => {
    const { limits, listeners, clusters } = configOf({})
    expect([limits, listeners[0]!.limits, clusters.db!.limits]).toEqual([undefined, undefined, undefined])
    expect(clusters.db!.backends[0]!.maxConnections).toBe(0)
  })

  it('limits that say nothing limit nothing', () => {
    const { limits, listeners } = configOf({ limits: {}, ...inListener({}) })
    const nothing = {
      maxConnections: 0,
      newPerSecond: undefined,
      bytesPerSecond: undefined,
      perSource: undefined,
      perConnection: undefined,
      whenFull: 'wait',
      refuseAs: undefined,
      dryRun: false,
      allow: undefined,
      deny: undefined,
      ban: undefined,
    }
    expect(listeners[0]!.limits).toEqual(nothing)
    expect(limits).toEqual({ ...nothing, sources: 100_000, evictIdle: undefined })
  })

  it.each<[number | string | object, object]>([
    [5, { perSecond: 5, burst: 5 }],
    ['5', { perSecond: 5, burst: 5 }],
    [0.1, { perSecond: 0.1, burst: 1 }],
    [{ rate: 2.5 }, { perSecond: 2.5, burst: 3 }],
    [
      { rate: 500, burst: 1000 },
      { perSecond: 500, burst: 1000 },
    ],
  ])('the rate %j is read as %j', (written, rate) => {
    expect(configOf(inListener({ newPerSecond: written })).listeners[0]!.limits!.newPerSecond).toEqual(rate)
  })

  it.each<[number | string | object, object]>([
    ['1MiB', { up: 1_048_576, down: 1_048_576 }],
    [{ up: '10KiB' }, { up: 10_240, down: 0 }],
    [
      { up: 0, down: '1TiB' },
      { up: 0, down: 2 ** 40 },
    ],
  ])('the bandwidth %j is read as %j', (written, bandwidth) => {
    expect(configOf({ limits: { bytesPerSecond: written } }).limits!.bytesPerSecond).toEqual(bandwidth)
  })

  it('a source is an IPv4 address or 64 bits of IPv6, unless the config says otherwise', () => {
    const perSource = (more: object) =>
      configOf({ limits: { perSource: { maxConnections: 1, ...more } } }).limits!.perSource
    expect(perSource({})).toMatchObject({ prefix4: 32, prefix6: 64, maxConnections: 1, bytesPerDay: 0 })
    expect(perSource({ prefix4: 24, prefix6: 48 })).toMatchObject({ prefix4: 24, prefix6: 48 })
  })

  it('lists have address ranges, and files of them', () => {
    const [a = '', b = ''] = ['a.txt', 'b.txt'].map((name) => join(folder, name))
    for (const file of [a, b]) writeFileSync(file, '192.0.2.1\n')
    const allow = ['10.0.0.0/8', { file: a }, 'unix', { file: b }]
    expect(configOf(inListener({ allow })).listeners[0]!.limits!.allow).toEqual({
      addresses: ['10.0.0.0/8', 'unix'],
      files: [a, b],
    })
  })

  it('a ban has defaults for each of its keys', () => {
    const { limits } = configOf({ limits: { perSource: some, ban: {} } })
    expect(limits!.ban).toEqual({ after: 10, withinMs: 60_000, forMs: 600_000 })
  })

  it('a client waits in the queue for as long as for a connect, unless the config says otherwise', () => {
    const queueMs = (parts: Parts) => configOf(parts).clusters.db!.limits!.queueMs
    expect(queueMs(inCluster(some))).toBe(5000)
    expect(queueMs({ ...inCluster(some), timeouts: { connectMs: '2s' } })).toBe(2000)
    expect(queueMs(inCluster({ ...some, queueMs: 0 }))).toBe(0)
  })

  it('a backend has its own limit, or that of the backends of its cluster', () => {
    const backends = [
      'a:1',
      { address: 'b:1', maxConnections: 7 },
      { address: 'c:1', expand: 'all' },
      { srv: '_x._tcp.d' },
    ]
    const { db } = configOf(inCluster({ perBackend: { maxConnections: 20 } }, { backends })).clusters
    expect(db!.backends.map(({ maxConnections }) => maxConnections)).toEqual([20, 7])
    expect(db!.expansions.map(({ maxConnections }) => maxConnections)).toEqual([20, 20])
  })
})

describe('limits that cannot be read', () => {
  it.each<[object, string]>([
    [
      { maxConnections: 0 },
      'maxConnections: expected a whole number from 1 to 10000000, found 0. For no limit, leave the key out',
    ],
    [
      { maxConnections: 'many' },
      'maxConnections: expected a whole number from 1 to 10000000, found "many". For no limit',
    ],
    [
      { newPerSecond: 0 },
      'newPerSecond: expected a number of new connections per second, from 0.01 to 1000000, found 0',
    ],
    [{ newPerSecond: { burst: 1 } }, 'newPerSecond.rate: is missing: expected a number of new connections'],
    [{ newPerSecond: { rate: 1, burst: 0 } }, 'newPerSecond.burst: expected a whole number from 1'],
    [{ newPerSecond: { rate: 1, per: '1s' } }, 'newPerSecond.per: unknown key: write one of "rate", "burst"'],
    [
      { bytesPerSecond: '1MiB/s' },
      'bytesPerSecond: expected a size without "/s", found "1MiB/s": write 1MiB',
    ],
    [
      { bytesPerSecond: { down: '10mbps' } },
      'bytesPerSecond.down: expected bytes, not bits, found "10mbps": write 1.25MB',
    ],
    [{ bytesPerSecond: 100 }, 'bytesPerSecond: expected a size from 1KiB to 1TiB, found 100'],
    [
      { perSource: { prefix6: 8, maxConnections: 1 } },
      'perSource.prefix6: expected a whole number from 16 to 128, found 8',
    ],
    [{ perSource: { connections: 1 } }, 'perSource.connections: unknown key; did you mean'],
    [{ whenFull: 'queue', maxConnections: 1 }, 'whenFull: expected one of "wait", "refuse", found "queue"'],
    [{ refuseAs: 'rst' }, 'refuseAs: expected one of "reset", "close", "auto", "mysql", "smtp", found "rst"'],
    [
      { allow: [] },
      'allow: expected a list of addresses such as 10.0.0.0/8, or a map: { file: PATH }, found an empty list',
    ],
    [{ deny: ['10.0.0.0/33'] }, 'deny[0]: "10.0.0.0/33": expected a number from 0 to 32'],
    [
      { deny: ['deny.txt'] },
      'deny[0]: "deny.txt": expected addresses such as 10.0.0.0/8, 2001:db8::/32, 192.0.2.1 or unix. For a file, write { file: deny.txt }',
    ],
    [{ deny: [{ path: 'deny.txt' }] }, 'deny[0].path: unknown key'],
    [{ sources: 10 }, 'sources: unknown key'],
  ])('the limits %j of a listener are an error: %s', (limits, message) => {
    expect(problemsOf(inListener(limits)).join('\n')).toContain(`listeners[0].limits.${message}`)
  })
})

describe('limits that do not go together', () => {
  it.each<[string, Parts, string]>([
    [
      'a source may have more than all',
      { limits: { maxConnections: 10, perSource: { maxConnections: 20 } } },
      'limits.perSource.maxConnections: 20 is never reached, because limits.maxConnections is 10: write 10 or less',
    ],
    [
      'a source may come faster than all',
      inListener({ newPerSecond: 1, perSource: { newPerSecond: 2 } }),
      'listeners[0].limits.perSource.newPerSecond: 2 is never reached',
    ],
    [
      'a connection may be faster than its source',
      {
        limits: {
          perSource: { bytesPerSecond: '1MiB' },
          perConnection: { bytesPerSecond: { down: '2MiB' } },
        },
      },
      'limits.perConnection.bytesPerSecond: 2097152 is never reached, because limits.perSource.bytesPerSecond is 1048576',
    ],
    [
      'a listener may have more than the proxy',
      { limits: some, ...inListener({ maxConnections: 6 }) },
      'listeners[0].limits.maxConnections: 6 is never reached, because limits.maxConnections is 5',
    ],
    [
      'a backend may have more than its cluster',
      inCluster(some, { backends: [{ address: 'a:1', maxConnections: 6 }] }),
      'clusters.db.backends[0].maxConnections: 6 is never reached, because clusters.db.limits.maxConnections is 5',
    ],
    [
      'perSource has no limit',
      { limits: { perSource: { prefix4: 24 } } },
      'limits.perSource: limits nothing: add one of "maxConnections", "newPerSecond", "bytesPerDay", "bytesPerSecond" to it',
    ],
    [
      'perConnection has no limit',
      inListener({ ...some, perConnection: {} }),
      'listeners[0].limits.perConnection: limits nothing: add one of "bytesPerSecond", "maxBytes" to it, or remove this key',
    ],
    [
      'perBackend has no limit',
      inCluster({ ...some, perBackend: {} }),
      'clusters.db.limits.perBackend: limits nothing: add "maxConnections" to it, or remove this key',
    ],
    [
      'a bandwidth has no direction',
      inCluster({ perConnection: { bytesPerSecond: {} } }),
      'clusters.db.limits.perConnection.bytesPerSecond: limits nothing: add one of "up", "down" to it',
    ],
    [
      'a ban has nothing that refuses a source',
      inListener({ ...some, ban: {} }),
      'listeners[0].limits.ban: does nothing, because no source is ever refused: add "perSource"',
    ],
    [
      'a ban has only a bandwidth',
      { limits: { perSource: { bytesPerSecond: '1MiB' }, ban: {} } },
      'limits.ban: does nothing',
    ],
    [
      'whenFull has no limit',
      inListener({ perSource: some, whenFull: 'wait' }),
      'listeners[0].limits.whenFull: does nothing without one of "maxConnections", "newPerSecond" beside it, because a source that has reached its own limit is always refused',
    ],
    ['dryRun has no limit', inListener({ dryRun: true }), 'listeners[0].limits.dryRun: does nothing'],
    [
      'a unix socket has sources',
      inListener({ perSource: some }, { address: 'unix:/run/a.sock' }),
      'listeners[0].limits.perSource: does nothing, because clients of a unix socket have no address: add "acceptProxy"',
    ],
    [
      'the table has no room',
      { limits: { maxConnections: 200_000, perSource: some } },
      'limits.maxConnections: expected at least 200000, because',
    ],
    [
      'there is less room than asked for',
      { limits: { sources: 2000, maxConnections: 3000, perSource: some } },
      'limits.sources: expected at least 3000, because each of the "maxConnections" can come from another source, found 2000',
    ],
    ['sources are not counted', { limits: { sources: 2000 } }, 'limits.sources: does nothing'],
    [
      'idle ends come first',
      { limits: { evictIdle: { afterMs: '11m' } } },
      'limits.evictIdle.afterMs: 660000ms is never reached, because connections that idle end after timeouts.idleMs, which is at most 600000ms',
    ],
    [
      'a dry run has a limit of backends',
      inCluster({ ...some, dryRun: true, perBackend: some }),
      'clusters.db.limits.perBackend: cannot stand beside "dryRun", because a full backend is never picked',
    ],
    [
      'whenFull of a cluster that cannot be full',
      inCluster({ perSource: some, whenFull: 'refuse' }),
      'clusters.db.limits.whenFull: does nothing without one of',
    ],
    [
      'MySQL beside HTTP',
      inListener({ ...some, refuseAs: 'mysql' }, { protocol: 'http' }),
      'listeners[0].limits.refuseAs: "mysql" is an answer to clients that wait for the server to speak, and clients of listeners[0] speak HTTP first: write "auto"',
    ],
    [
      'SMTP for everything beside HTTP',
      { limits: { refuseAs: 'smtp' }, listener: { protocol: 'http' } },
      'limits.refuseAs: "smtp" is an answer to clients that wait for the server to speak, and clients of listeners[0] speak HTTP first',
    ],
    [
      'MySQL of a cluster behind Postgres',
      { cluster: { limits: { ...some, refuseAs: 'mysql' } }, listener: { startTls: 'postgres' } },
      'clusters.db.limits.refuseAs: "mysql" is an answer',
    ],
  ])('a config in which %s is an error', (_, parts, message) => {
    expect(problemsOf(parts).join('\n')).toContain(message)
  })

  it.each<[string, Parts]>([
    [
      'a queue for a backend',
      inCluster({ queueMs: '1s', whenFull: 'wait' }, { backends: [{ address: 'a:1', maxConnections: 1 }] }),
    ],
    [
      'a unix socket whose clients are named',
      inListener({ perSource: some }, { address: 'unix:/run/a.sock', acceptProxy: { from: 'unix' } }),
    ],
    [
      'an own answer of each listener',
      { limits: { refuseAs: 'mysql' }, ...inListener({ refuseAs: 'auto' }, { protocol: 'http' }) },
    ],
    ['whenFull of the proxy, which always has a maximum', { limits: { whenFull: 'refuse' } }],
    ['no end of idle connections', { limits: { evictIdle: { afterMs: '11m' } }, timeouts: { idleMs: 0 } }],
    [
      'a listener whose connections may idle longer',
      { limits: { evictIdle: { afterMs: '11m' } }, ...inListener({}, { timeouts: { idleMs: '8h' } }) },
    ],
  ])('a config with %s is no error', (_, parts) => {
    expect(problemsOf(parts)).toEqual([])
  })
})
