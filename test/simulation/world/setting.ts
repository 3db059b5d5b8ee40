/**
 * The setting of a story: a config, its variants for reloads, and a kernel. There is a fixed number of settings, so each
 * config is validated only once, however many stories are played.
 */
import type { ClusterInput, ProxyConfig } from '../../../src/config/input.js'
import type { ListenerInput } from '../../../src/config/listener-input.js'
import type { Config } from '../../../src/config/schema.js'
import { BALANCE_RULES } from '../../../src/config/schemas/balance-schema.js'
import { validateConfig } from '../../../src/config/validate.js'
import { EINVAL, EPERM } from '../kernel/errnos.js'
import type { KernelOptions } from '../kernel/kernel.js'
import type { TcpPeer } from '../kernel/tcp-socket.js'
import { UNIX_PORT } from '../kernel/unix-socket.js'
import { Random } from '../random.js'
import { CALLS, type Call, type ClusterName, type ListenerName } from './calls.js'
import type { LimitOptions } from './limit.js'

const KIB = 1024
const SETTINGS = 48
/** The number of configs in each setting: the first one, and those to which it is reloaded. */
export const VARIANTS = 4

const HOST = '10.9.9.9'
const ADDRESSES: Readonly<Record<ListenerName, TcpPeer>> = {
  plain: { host: HOST, port: 1001 },
  proxied: { host: HOST, port: 1002 },
  named: { host: HOST, port: 1003 },
  telling: { host: HOST, port: 1004 },
  lenient: { host: HOST, port: 1005 },
  relayed: { host: HOST, port: 1006 },
  resolving: { host: HOST, port: 1007 },
  web: { host: HOST, port: 1009 },
  forwarding: { host: HOST, port: 1010 },
  postgres: { host: HOST, port: 1011 },
  mixed: { host: HOST, port: 1012 },
  passing: { host: HOST, port: 1013 },
  'to-local': { host: HOST, port: 1008 },
  local: { host: '/simulated/listener', port: UNIX_PORT },
}

interface BackendPlace extends TcpPeer {
  readonly cluster: ClusterName
}

export const BACKENDS: readonly BackendPlace[] = [
  { host: '10.1.0.1', port: 80, cluster: 'main' },
  { host: '10.1.0.2', port: 80, cluster: 'main' },
  { host: '10.1.0.3', port: 80, cluster: 'main' },
  { host: '10.2.0.1', port: 80, cluster: 'told' },
  { host: '10.2.0.2', port: 80, cluster: 'told' },
  { host: '10.3.0.1', port: 80, cluster: 'resolved' },
  { host: '10.3.0.2', port: 80, cluster: 'resolved' },
  { host: '10.4.0.1', port: 80, cluster: 'web' },
  { host: '10.4.0.2', port: 80, cluster: 'forwarded' },
  { host: '10.5.0.1', port: 80, cluster: 'database' },
  { host: '/simulated/one', port: UNIX_PORT, cluster: 'local' },
  { host: '/simulated/two', port: UNIX_PORT, cluster: 'local' },
]

/** The addresses of the names at the beginning. */
export const NAMES: Readonly<Record<string, readonly string[]>> = {
  'one.test': ['10.3.0.1', '10.3.0.2'],
  'two.test': ['10.3.0.2'],
}

export interface Setting {
  readonly kernel: KernelOptions
  readonly configs: readonly Config[]
  /** The kinds of clients that may come to its listeners. */
  readonly calls: readonly Call[]
  /** Limits which clients may come in. Undefined: every client may. */
  readonly limit: LimitOptions | undefined
}

export const addressOf = (listener: ListenerName): TcpPeer => ADDRESSES[listener]

const textOf = ({ host, port }: TcpPeer): string => (port === UNIX_PORT ? `unix:${host}` : `${host}:${port}`)

const known = new Map<number, Setting>()

export function settingOf(seed: number): Setting {
  const index = new Random(seed).int(0, SETTINGS - 1)
  const setting = known.get(index) ?? createSetting(index)
  known.set(index, setting)
  return setting
}

function createSetting(index: number): Setting {
  const random = new Random(index * 7919 + 1)
  const sendBytes = random.pick([4, 16, 100]) * KIB
  const receiveBytes = random.pick([4, 64, 200]) * KIB
  const spliceErrno = random.chance(0.1) ? random.pick([EINVAL, EPERM]) : 0
  const quotaPages = random.chance(0.2) ? random.pick([40, 100]) : 0
  // Its own random numbers: the rest of a setting is the same with and without it.
  const refuseAs = new Random(index * 104_729 + 1).pick(['reset', 'reset', 'close', 'auto'] as const)
  const config = limited({ ...createConfig(random) }, new Random(index * 15_485_863 + 1))
  const limit = random.chance(0.3) ? createLimit(random) : undefined
  // A rule of the world takes the place of the rule for the limits of the config.
  const limitsOf = (variant: number) => (limit === undefined ? createLimits(index, variant) : {})
  const configs = Array.from({ length: VARIANTS }, (_, variant) =>
    validateConfig({ ...varied(config, variant), limits: { refuseAs, ...limitsOf(variant) } }),
  )
  return {
    kernel: { buffers: { sendBytes, receiveBytes }, quotaPages, spliceErrno },
    configs,
    calls: CALLS.filter((call) => config.listeners.some(({ name }) => name === call.listener)),
    limit,
  }
}

/** Perhaps the backends of `main` take only a few connections each. Clients then wait. Its own random numbers, as above. */
function limited(config: ProxyConfig, random: Random): ProxyConfig {
  if (!random.chance(0.4)) return config
  const perBackend = { maxConnections: random.int(1, 2) }
  const queueMs = random.pick([0, 300, 3000])
  const queueLength = random.pick([0, 0, 1])
  const main = { ...config.clusters.main!, limits: { perBackend, queueMs, queueLength } }
  return { ...config, clusters: { ...config.clusters, main } }
}

function createLimit(random: Random): LimitOptions {
  const answers = random.pick([['wait'], ['refuse'], ['wait', 'wait', 'refuse']] as const)
  return { most: random.int(1, 3), answers }
}

/** Some proxies have limits. A reload may add them, change them or take them away. */
function createLimits(index: number, variant: number): NonNullable<ProxyConfig['limits']> {
  if (!new Random(index * 104_729 + 3).chance(0.4)) return {}
  const random = new Random((index * VARIANTS + variant) * 104_729 + 5)
  if (random.chance(0.25)) return {}
  const maxConnections = random.int(1, 4)
  const perSource = { prefix4: 8, maxConnections: random.int(1, maxConnections) }
  const whole = { maxConnections, whenFull: random.pick(['wait', 'refuse'] as const) }
  return random.chance(0.5) ? whole : { ...whole, perSource }
}

const listen = (name: ListenerName) => ({ name, address: textOf(ADDRESSES[name]) })

const SENDERS = { from: ['10.0.0.0/8', 'unix'], timeoutMs: 700 }
const BY_NAME = [
  { sni: 'a.test', cluster: 'main' },
  { sni: 'b.test', cluster: 'told' },
]

/** calls.ts repeats where each of them leads, as a check. */
const LISTENERS: readonly (ListenerInput & { readonly name: ListenerName })[] = [
  { ...listen('plain'), cluster: 'main' },
  { ...listen('proxied'), cluster: 'main', acceptProxy: SENDERS },
  { ...listen('relayed'), routes: BY_NAME, acceptProxy: SENDERS },
  { ...listen('named'), routes: [...BY_NAME, { alpn: 'h2', cluster: 'main' }] },
  {
    ...listen('lenient'),
    routes: [{ sni: '*.test', cluster: 'main' }],
    onNoSni: 'reject',
    onBadHello: 'told',
  },
  { ...listen('telling'), cluster: 'told' },
  { ...listen('resolving'), cluster: 'resolved' },
  { ...listen('web'), cluster: 'web', protocol: 'http' },
  { ...listen('forwarding'), cluster: 'forwarded', protocol: 'http', http: 'forward' },
  {
    ...listen('postgres'),
    startTls: 'postgres',
    routes: [
      { sni: 'a.test', cluster: 'database' },
      { database: 'orders', cluster: 'main' },
    ],
  },
  {
    ...listen('mixed'),
    // Names of clients begin with a c.
    routes: [
      { speaks: 'hex:6330', cluster: 'told' },
      { speaks: ['postgres', 'ssh'], cluster: 'main' },
      { sni: 'a.test', cluster: 'main' },
    ],
  },
  { ...listen('passing'), protocol: 'http', http: 'pass', routes: [{ host: 'a.test', cluster: 'main' }] },
  { ...listen('to-local'), cluster: 'local' },
  { ...listen('local'), cluster: 'main', acceptProxy: SENDERS },
]

const backendsOf = (name: ClusterName): string[] =>
  BACKENDS.filter(({ cluster }) => cluster === name).map(textOf)

/** These listeners are always there, each other one with this chance. With all of them a proxy is slow to build. */
const ALWAYS: readonly ListenerName[] = ['plain', 'telling']
const LISTENER_PART = 0.3

/** A config with some of the listeners, and the clusters to which they lead. */
function createConfig(random: Random): ProxyConfig {
  const halfClose = random.pick(['propagate', 'propagate', 'close'] as const)
  const sendProxy = random.pick(['v1', { version: 'v2', tlvs: ['authority', 'fromClient'] }] as const)
  const balance = random.pick(BALANCE_RULES)
  const slowStartMs = random.pick([0, 3000])
  const [first, ...backups] = backendsOf('told')
  const listeners = LISTENERS.filter(({ name }) => ALWAYS.includes(name) || random.chance(LISTENER_PART))
  const clusters: Readonly<Record<ClusterName, ClusterInput>> = {
    main: { backends: backendsOf('main'), halfClose, balance, slowStartMs },
    told: { backends: [first!, ...backups.map((address) => ({ address, backup: true }))], sendProxy },
    local: { backends: backendsOf('local') },
    web: { backends: backendsOf('web'), halfClose },
    database: { backends: backendsOf('database'), startTls: 'postgres' as const },
    forwarded: { backends: backendsOf('forwarded') },
    resolved: { backends: Object.keys(NAMES).map((name) => `${name}:80`) },
  }
  return {
    splice: random.pick(['auto', 'auto', 'on', 'on', 'off'] as const),
    kernelPipeBytes: random.pick([64, 64, 256]) * KIB,
    pinnedMemoryBytes: random.pick([1, 64]) * KIB ** 2,
    listeners,
    clusters: Object.fromEntries(Object.entries(clusters).filter(([name]) => isReached(name, listeners))),
    timeouts: {
      connectMs: random.pick([300, 5000]),
      firstBytesMs: random.pick([500, 5000]),
      responseMs: random.pick([700, 30_000]),
      idleMs: random.pick([1500, 60_000, 600_000]),
      halfClosedMs: random.pick([1000, 30_000]),
      lifetimeMs: random.pick([0, 0, 4000]),
      drainMs: random.pick([500, 3000]),
    },
  }
}

const isReached = (cluster: string, listeners: readonly ListenerInput[]): boolean =>
  CALLS.some(
    ({ listener, leadsTo }) => leadsTo === cluster && listeners.some(({ name }) => name === listener),
  )

/** 0: the first config. 1: another drain deadline. 2: without the listener `plain`. 3: `main` has one backend less. */
function varied(config: ProxyConfig, variant: number): ProxyConfig {
  if (variant === 2) return { ...config, listeners: config.listeners.slice(1) }
  if (variant === 1) return { ...config, timeouts: { ...config.timeouts, drainMs: 1000 } }
  if (variant !== 3) return config
  const { main } = config.clusters
  return {
    ...config,
    clusters: { ...config.clusters, main: { ...main!, backends: main!.backends!.slice(1) } },
  }
}
