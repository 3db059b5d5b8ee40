import { describe, expect, it } from 'vitest'
import type { ProxyConfig } from '../../src/config/input.js'
import { USUAL_HEALTH } from '../../src/config/schemas/health-schema.js'
import { USUAL_NAMES } from '../../src/config/schemas/names-schema.js'
import { validateConfig } from '../../src/config/validate.js'
import { MillraceError } from '../../src/errors.js'

const LISTENER_KEYS =
  '"name", "address", "addresses", "cluster", "tags", "acceptProxy", "protocol", "tls", "startTls", "routes", "route", "onNoSni", "onBadHello", "onSilent", "http", "redirect", "allowEncodedSlash", "xForwarded", "clientFrom", "logQuery", "limits", "keepalive", "timeouts", "socket", "mode", "group"'
const least: ProxyConfig = {
  listeners: [{ address: '127.0.0.1:7000', cluster: 'pg' }],
  clusters: { pg: { backends: ['127.0.0.1:9000'] } },
}

const keepalive = { idleMs: 60_000, everyMs: 15_000, count: 4 }
const liveness = { keepalive, deadPeerMs: 0 }
const tcp = (host: string, port: number) => ({ kind: 'tcp', host, port })

function problemsOf(input: unknown): string[] {
  try {
    validateConfig(input)
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error
    expect(error.code).toBe('config-invalid')
    expect(
      error.problems.every(({ file, line, column }) => file === 'config' && line === 0 && column === 0),
    ).toBe(true)
    return error.problems.map(({ path, message }) => `${path}: ${message}`)
  }
  return []
}

/** The problems of the smallest config after `change`. */
const problemsWith = (change: object): string[] => problemsOf({ ...least, ...change })
const problemsOfListener = (change: object): string[] =>
  problemsWith({ listeners: [{ ...least.listeners[0], ...change }] })
const problemsOfBackend = (backend: unknown): string[] =>
  problemsWith({ clusters: { pg: { backends: [backend] } } })

describe('validateConfig', () => {
  it('validateConfig fills in every default', () => {
    expect(validateConfig(least)).toEqual({
      splice: 'auto',
      workers: 1,
      workerHangMs: 30_000,
      upgradeMs: 60_000,
      handOver: { afterMs: 0 },
      kernelPipeBytes: 1_048_576,
      pinnedMemoryBytes: 67_108_864,
      listeners: [
        {
          name: '127.0.0.1:7000',
          address: tcp('127.0.0.1', 7000),
          cluster: 'pg',
          tags: {},
          protocol: 'tcp',
          routes: [],
          onBadHello: 'reject',
          http: 'reject',
          allowEncodedSlash: false,
          xForwarded: 'replace',
          logQuery: false,
          ipv6Only: false,
          liveness,
          timeouts: {},
          socket: {},
          socketFile: {},
        },
      ],
      clusters: {
        pg: {
          balance: 'round-robin',
          slowStartMs: 0,
          health: USUAL_HEALTH,
          backends: [{ address: tcp('127.0.0.1', 9000), weight: 1, tier: 0, maxConnections: 0 }],
          expansions: [],
          halfClose: 'propagate',
          liveness,
          timeouts: {},
        },
      },
      names: USUAL_NAMES,
      timeouts: {
        firstBytesMs: 5000,
        routeMs: 5000,
        connectMs: 5000,
        responseMs: 30_000,
        idleMs: 600_000,
        halfClosedMs: 30_000,
        lifetimeMs: 0,
        drainMs: 30_000,
        graceMs: 0,
        deadPeerMs: 0,
      },
      keepalive,
      log: {
        level: 'info',
        access: { sample: 1, always: [], minBytes: 0, minMs: 0, atOpen: false, everyMs: 0, redact: [] },
        explain: false,
      },
      tests: [],
    })
  })

  it('validateConfig keeps every given value, in ms and bytes', () => {
    const config = validateConfig({
      splice: 'off',
      workers: 'auto',
      kernelPipeBytes: '64KiB',
      pinnedMemoryBytes: '32MiB',
      listeners: [{ name: 'db', address: 'localhost:0', cluster: 'pg', tags: { tier: 'gold' } }],
      clusters: {
        pg: {
          balance: 'least-connections',
          slowStartMs: '90s',
          backends: [{ address: 'db.example.com:5432', weight: 1000, backup: true }, 'unix:/run/pg.sock'],
          halfClose: 'close',
        },
      },
      timeouts: { connectMs: '250ms', idleMs: 0, halfClosedMs: '1.5s', lifetimeMs: '24d', drainMs: 1 },
      log: { level: 'silent', access: false },
    } satisfies ProxyConfig)
    expect(config).toMatchObject({
      splice: 'off',
      workers: 'auto',
      kernelPipeBytes: 65_536,
      pinnedMemoryBytes: 33_554_432,
      listeners: [{ name: 'db', address: tcp('127.0.0.1', 0), tags: { tier: 'gold' } }],
      timeouts: { connectMs: 250, idleMs: 0, halfClosedMs: 1500, lifetimeMs: 2_073_600_000, drainMs: 1 },
      log: { level: 'silent', access: false },
    })
    expect(config.clusters.pg).toEqual({
      balance: 'least-connections',
      slowStartMs: 90_000,
      health: USUAL_HEALTH,
      backends: [
        { address: tcp('db.example.com', 5432), weight: 1000, tier: 100, maxConnections: 0 },
        { address: { kind: 'unix', path: '/run/pg.sock' }, weight: 1, tier: 0, maxConnections: 0 },
      ],
      expansions: [],
      halfClose: 'close',
      liveness,
      timeouts: {},
    })
  })

  it('validateConfig reads undefined as "not given"', () => {
    expect(
      validateConfig({ ...least, splice: undefined, log: { level: undefined }, timeouts: undefined }),
    ).toEqual(validateConfig(least))
  })

  it('validateConfig returns a frozen config and does not change its input', () => {
    const input = { ...structuredClone(least), timeouts: {}, log: {} }
    const config = validateConfig(input)
    const isFrozenThroughout = (value: unknown): boolean =>
      typeof value !== 'object' ||
      value === null ||
      (Object.isFrozen(value) && Object.values(value).every(isFrozenThroughout))
    expect(isFrozenThroughout(config)).toBe(true)
    expect(input).toEqual({ ...least, timeouts: {}, log: {} })
    expect(Object.isFrozen(input.listeners)).toBe(false)
  })

  it('validateConfig accepts numbers and booleans as text, as environment variables give them', () => {
    const config = validateConfig({
      ...least,
      workers: '2',
      timeouts: { idleMs: '1000' },
      clusters: { pg: { backends: [{ address: '127.0.0.1:9000', weight: '7' }] } },
      log: { access: 'false' },
    })
    expect(config).toMatchObject({ workers: 2, timeouts: { idleMs: 1000 }, log: { access: false } })
    expect(config.clusters.pg?.backends[0]?.weight).toBe(7)
  })

  it('the error of validateConfig names the problems in its message', () => {
    expect(() => validateConfig({ ...least, splice: 'fast' }, 'argv')).toThrow(
      'the config cannot be used:\nargv splice: expected one of "auto", "on", "off", found "fast"',
    )
  })

  it('the error of validateConfig shortens its message, but never its list of problems', () => {
    const listeners = Array.from({ length: 100 }, () => 5)
    expect(problemsWith({ listeners })).toHaveLength(100)
    expect(() => validateConfig({ ...least, listeners })).toThrow(/and 80 more$/)
  })

  it.each<[string, unknown, string[]]>([
    ['nothing', undefined, [': is missing: expected a map with listeners and clusters']],
    ['null', null, [': expected a map with listeners and clusters, found nothing']],
    ['a text', 'x', [': expected a map with listeners and clusters, found "x"']],
    ['a list', [], [': expected a map with listeners and clusters, found a list']],
    [
      'an empty map',
      {},
      [
        'listeners: is missing: expected a list of listeners',
        'clusters: is missing: expected a map of clusters',
      ],
    ],
    [
      'empty lists',
      { listeners: [], clusters: {} },
      [
        'listeners: expected a list of listeners, found an empty list',
        'clusters: expected a map of clusters, found an empty map',
      ],
    ],
  ])('validateConfig says what is wrong with %s', (_, input, problems) => {
    expect(problemsOf(input)).toEqual(problems)
  })

  it.each<[object, string]>([
    [{ splice: 'ON' }, 'splice: expected one of "auto", "on", "off", found "ON"; did you mean "on"?'],
    [{ splice: true }, 'splice: expected one of "auto", "on", "off", found true'],
    [{ workers: 0 }, 'workers: expected "auto" or a whole number from 1 to 256, found 0'],
    [{ workers: 257 }, 'workers: expected "auto" or a whole number from 1 to 256, found 257'],
    [{ workers: 1.5 }, 'workers: expected "auto" or a whole number from 1 to 256, found 1.5'],
    [{ workers: 'all' }, 'workers: expected "auto" or a whole number from 1 to 256, found "all"'],
    [{ workers: null }, 'workers: expected "auto" or a whole number from 1 to 256, found nothing'],
    [
      { pinnedMemoryBytes: '512KiB' },
      'pinnedMemoryBytes: expected a size from 1MiB to 64GiB, found "512KiB"',
    ],
    [{ pinnedMemoryBytes: 0 }, 'pinnedMemoryBytes: expected a size from 1MiB to 64GiB, found 0'],
    [
      { workerHangMs: 99 },
      'workerHangMs: expected at least 100ms, or 0 to never kill a worker, found "99ms"',
    ],
    [{ kernelPipeBytes: '4KiB' }, 'kernelPipeBytes: expected a size from 64KiB to 1MiB, found "4KiB"'],
    [{ kernelPipeBytes: 1_048_577 }, 'kernelPipeBytes: expected a size from 64KiB to 1MiB, found 1048577'],
    [
      { kernelPipeBytes: 65_536.5 },
      'kernelPipeBytes: expected a size, such as 64KiB, or a whole number from 0, found 65536.5',
    ],
    [
      { kernelPipeBytes: 'big' },
      'kernelPipeBytes: "big" is not a size: write 64KiB, 1MiB, 100KB, or a number of bytes',
    ],
    [
      { timeouts: { idleMs: -1 } },
      'timeouts.idleMs: expected a duration, such as 5s, or a whole number from 0, found -1',
    ],
    [
      { timeouts: { idleMs: Number.NaN } },
      'timeouts.idleMs: expected a duration, such as 5s, or a whole number from 0, found NaN',
    ],
    [
      { timeouts: { idleMs: Number.POSITIVE_INFINITY } },
      'timeouts.idleMs: expected a duration, such as 5s, or a whole number from 0, found Infinity',
    ],
    [
      { timeouts: { idleMs: 0.5 } },
      'timeouts.idleMs: expected a duration, such as 5s, or a whole number from 0, found 0.5',
    ],
    [
      { timeouts: { idleMs: '25d' } },
      'timeouts.idleMs: expected at most 24d, or 0 for no limit, found "25d"',
    ],
    [
      { timeouts: { idleMs: 'soon' } },
      'timeouts.idleMs: "soon" is not a duration: write 250ms, 5s, 10m, 1h, 1d, or a number of milliseconds',
    ],
    [{ timeouts: { idle: 5 } }, 'timeouts.idle: unknown key; did you mean "idleMs"?'],
    [{ timeouts: null }, 'timeouts: expected a map of timeouts, found nothing'],
    [
      { log: { level: 'warning' } },
      'log.level: expected one of "trace", "debug", "info", "warn", "error", "fatal", "silent", found "warning"',
    ],
    [
      { log: { access: 'yes' } },
      'log.access: expected true, false or a map: { sample, always }, found "yes"',
    ],
    [{ log: 'info' }, 'log: expected a map: { level, access }, found "info"'],
    [{ listner: [] }, 'listner: unknown key; did you mean "listeners"?'],
    [
      { nonsense: {} },
      'nonsense: unknown key: write one of "splice", "workers", "workerHangMs", "upgradeMs", "handOver", "state", "kernelPipeBytes", "pinnedMemoryBytes", "include", "listeners", "clusters", "names", "limits", "timeouts", "keepalive", "socket", "log", "admin", "tests"',
    ],
    [{ listeners: 5 }, 'listeners: expected a list of listeners, found 5'],
    [
      { listeners: ['127.0.0.1:80'] },
      'listeners[0]: expected a listener: { address, cluster }, found "127.0.0.1:80"',
    ],
    [{ clusters: { pg: null } }, 'clusters.pg: expected a cluster: { backends }, found nothing'],
    [{ clusters: { pg: {} } }, 'clusters.pg.backends: is missing: expected a list of backends, or "dial"'],
    [
      { clusters: { pg: { backends: [] } } },
      'clusters.pg.backends: expected a list of backends, found an empty list',
    ],
    [
      { clusters: { pg: { backends: ['a:1'], balance: 'leastconn' } } },
      'clusters.pg.balance: expected one of "round-robin", "least-connections", "p2c", "random", "first", "hash", found "leastconn"',
    ],
    [
      { clusters: { pg: { backends: ['a:1'], halfClose: 'closed' } } },
      'clusters.pg.halfClose: expected one of "propagate", "close", found "closed"; did you mean "close"?',
    ],
  ])('validateConfig says what is wrong with %j', (change, problem) => {
    expect(problemsWith(change)).toEqual([problem])
  })

  it.each<[object, string]>([
    [{ address: undefined }, 'address: is missing: expected an address, such as 127.0.0.1:7000'],
    [{ address: 7000 }, 'address: expected an address, such as 127.0.0.1:7000, found 7000'],
    [
      { address: 'example.com:80' },
      'address: a listener cannot use the host name "example.com": write an IP address or localhost',
    ],
    [{ address: '127.0.0.1' }, 'address: a port is missing: write 127.0.0.1:PORT'],
    [{ cluster: undefined }, 'cluster: is missing: expected the name of a cluster, or routes'],
    [{ cluster: 5 }, 'cluster: expected the name of a cluster, found 5; put it in quotes'],
    [{ cluster: 'toString' }, 'cluster: there is no cluster "toString": write one of "pg"'],
    [{ cluster: 'pgg' }, 'cluster: there is no cluster "pgg"; did you mean "pg"?'],
    [{ adress: 'x' }, 'adress: unknown key; did you mean "address"?'],
    [{ 'a b': 1 }, `["a b"]: unknown key: write one of ${LISTENER_KEYS}`],
    [
      { name: 'a b' },
      'name: expected a name of 1 to 63 letters, digits, "_", ".", ":" or "-" that begins with a letter or digit, found "a b"',
    ],
    [{ tags: { tier: 1 } }, 'tags.tier: expected text, found 1; put it in quotes'],
    [{ tags: ['gold'] }, 'tags: expected a map of texts, found a list'],
  ])('validateConfig says what is wrong with a listener of %j', (change, problem) => {
    const path = problem.startsWith('[') ? 'listeners[0]' : 'listeners[0].'
    expect(problemsOfListener(change)).toEqual([`${path}${problem}`])
  })

  it.each<[unknown, string]>([
    ['10.0.0.5:99999', ': port 99999 is too high: write one from 0 to 65535'],
    ['10.0.0.5:0', ': expected a port from 1 to 65535, found 0'],
    [
      17,
      ': expected a backend: HOST:PORT, { address, weight, tier, backup, maxConnections, expand } or { srv }, found 17',
    ],
    [
      null,
      ': expected a backend: HOST:PORT, { address, weight, tier, backup, maxConnections, expand } or { srv }, found nothing',
    ],
    [
      ['a:1'],
      ': expected a backend: HOST:PORT, { address, weight, tier, backup, maxConnections, expand } or { srv }, found a list',
    ],
    [
      { weight: 2 },
      '.address: is missing: expected an address, such as 127.0.0.1:7000, or "srv" with the name of a service',
    ],
    [{ address: 'a:0' }, '.address: expected a port from 1 to 65535, found 0'],
    [{ address: 'a:1', weight: 1001 }, '.weight: expected a whole number from 0 to 1000, found 1001'],
    [{ address: 'a:1', weight: '-1' }, '.weight: expected a whole number from 0 to 1000, found "-1"'],
    [{ address: 'a:1', wieght: 2 }, '.wieght: unknown key; did you mean "weight"?'],
  ])('validateConfig says in one sentence what is wrong with a backend of %j', (backend, problem) => {
    expect(problemsOfBackend(backend)).toEqual([`clusters.pg.backends[0]${problem}`])
  })

  it('validateConfig also checks the value of a cluster with a bad name', () => {
    expect(problemsWith({ clusters: { pg: { backends: ['a:1'] }, 'a b': { backends: [] } } })).toEqual([
      'clusters["a b"].backends: expected a list of backends, found an empty list',
      'clusters["a b"]: expected a name of 1 to 63 letters, digits, "_", ".", ":" or "-" that begins with a letter or digit, found "a b"',
    ])
  })

  it('validateConfig reports unknown names and bad values together', () => {
    const listeners = [
      { address: '127.0.0.1:80', cluster: 'pgg' },
      { address: 5, cluster: 'pg' },
    ]
    expect(problemsWith({ listeners })).toEqual([
      'listeners[1].address: expected an address, such as 127.0.0.1:7000, found 5',
      'listeners[0].cluster: there is no cluster "pgg"; did you mean "pg"?',
    ])
  })

  it('validateConfig accepts a cluster with the name constructor', () => {
    const clusters = { constructor: { backends: ['a:1'] } }
    const listeners = [{ address: '127.0.0.1:1', cluster: 'constructor' }]
    expect(Object.hasOwn(validateConfig({ clusters, listeners }).clusters, 'constructor')).toBe(true)
  })

  it.each([
    ['a function', () => 0],
    ['a symbol', Symbol('x')],
    ['a bigint', 1n],
    ['a date', new Date(0)],
    ['a long text', 'x'.repeat(100_000)],
  ])('validateConfig reports %s at any key with a short problem', (_, value) => {
    const inputs = [
      value,
      { ...least, listeners: value },
      { ...least, clusters: { pg: { backends: [value] } } },
      { ...least, workers: value },
      { ...least, timeouts: { idleMs: value } },
    ]
    for (const input of inputs) {
      const problems = problemsOf(input)
      expect(problems).not.toEqual([])
      for (const problem of problems) expect(problem.length).toBeLessThan(300)
    }
  })
})
