/**
 * The config: what people write (`ProxyConfig`), what the rest of the program reads (`Config`), and the schema that
 * leads from one to the other. What needs two values to judge is in `references.ts`. docs/config.md tells the same.
 */
import { z } from 'zod'
import { type Address, formatAddress } from '../address.js'
import * as fields from './fields.js'
import { expected } from './wording.js'

/** How a direction's bytes are moved: by what suits them, always through a kernel pipe where possible, or never so. */
export type SpliceMode = 'auto' | 'on' | 'off'
/** What one side's end does to the other: it is passed on, or it ends the whole pipe once nothing is in flight. */
export type HalfClose = 'propagate' | 'close'
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'
/** Whole ms, or text such as `250ms`, `5s`, `10m`, `1h`, `1d`. At most 24 days. */
export type Duration = number | string
/** Whole bytes, or text such as `64KiB`, `1MiB`, `100KB`. */
export type Size = number | string

/** What `createProxy` takes and a config file holds. Everything unknown, missing or out of range is an error. */
export interface ProxyConfig {
  /** Default `auto`. */
  readonly splice?: SpliceMode | undefined
  /** Processes that serve: 1 to 256, or `auto` for one per core. Only the command heeds it. Default 1. */
  readonly workers?: number | 'auto' | undefined
  /** Size of each kernel pipe, 64 KiB to 1 MiB; the kernel rounds it up to a power of two. Default 128 KiB. */
  readonly kernelPipeBytes?: Size | undefined
  /** At least one; no two on the same address or of the same name. */
  readonly listeners: readonly ListenerInput[]
  /** At least one, by name. */
  readonly clusters: Readonly<Record<string, ClusterInput>>
  readonly timeouts?: TimeoutsInput | undefined
  readonly log?: LogInput | undefined
}

export interface ListenerInput {
  /** How logs and metrics call it. Default: its address, with `localhost` as 127.0.0.1. */
  readonly name?: string | undefined
  /** `ip:port`, `[v6]:port`, `localhost:port` (127.0.0.1) or `unix:/path`. Port 0: any free port. */
  readonly address: string
  /** Name of the cluster its clients are sent to. */
  readonly cluster: string
  /** Put into the record of every connection. Default none. */
  readonly tags?: Readonly<Record<string, string>> | undefined
}

export interface ClusterInput {
  /** Default, and so far the only rule: `round-robin`, by weight. */
  readonly balance?: 'round-robin' | undefined
  /** At least one; no address twice. A text is short for an address of weight 1. */
  readonly backends: readonly (string | BackendInput)[]
  /** Default `propagate`. */
  readonly halfClose?: HalfClose | undefined
}

export interface BackendInput {
  /** `host:port`, `[v6]:port` or `unix:/path`. Port 1 to 65535. */
  readonly address: string
  /** Its share of the connections beside the others' weights, 1 to 1000. Default 1. */
  readonly weight?: number | undefined
}

/** In each of these 0 means never. */
export interface TimeoutsInput {
  /** How long one backend may take to accept a connection before the next is tried. Default 5 s. */
  readonly connectMs?: Duration | undefined
  /** How long a connection may move no byte either way. Default 10 minutes. */
  readonly idleMs?: Duration | undefined
  /** How long a connection may live on after one direction has finished. Default 30 s. */
  readonly halfClosedMs?: Duration | undefined
  /** How long a connection may live at all. Default 0. */
  readonly lifetimeMs?: Duration | undefined
  /** How long a drain waits before it cuts the connections that are left. Default 30 s. */
  readonly drainMs?: Duration | undefined
}

export interface LogInput {
  /** Default `info`. */
  readonly level?: LogLevel | undefined
  /** Whether every connection writes its record. Default true. */
  readonly access?: boolean | undefined
}

/** A config that was found good: every default filled in, everything parsed, frozen throughout. */
export interface Config {
  readonly splice: SpliceMode
  readonly workers: number | 'auto'
  readonly kernelPipeBytes: number
  readonly listeners: readonly ListenerConfig[]
  /** Every listener's `cluster` is a key of this. */
  readonly clusters: Readonly<Record<string, ClusterConfig>>
  readonly timeouts: TimeoutsConfig
  readonly log: LogConfig
}

export interface ListenerConfig {
  readonly name: string
  /** The host is an IP address. */
  readonly address: Address
  readonly cluster: string
  readonly tags: Readonly<Record<string, string>>
}

export interface ClusterConfig {
  readonly balance: 'round-robin'
  readonly backends: readonly BackendConfig[]
  readonly halfClose: HalfClose
}

export interface BackendConfig {
  readonly address: Address
  readonly weight: number
}

/** ms; 0 means never. */
export interface TimeoutsConfig {
  readonly connectMs: number
  readonly idleMs: number
  readonly halfClosedMs: number
  readonly lifetimeMs: number
  readonly drainMs: number
}

export interface LogConfig {
  readonly level: LogLevel
  readonly access: boolean
}

export const SPLICE_MODES: readonly SpliceMode[] = ['auto', 'on', 'off']
export const LOG_LEVELS: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']

const tags = z
  .record(z.string(), fields.textField('text'), {
    error: ({ input }) => expected('a map of texts', input),
  })
  .default({})

const listener = fields
  .strictMap('a listener: { address, cluster }', {
    name: fields.nameField.optional(),
    address: fields.listenerAddressField,
    cluster: fields.textField('the name of a cluster'),
    tags,
  })
  .transform(({ name, ...rest }): ListenerConfig => ({ name: name ?? formatAddress(rest.address), ...rest }))

/** The short form becomes the long one before it is judged, so that a bad text gets one message and not two. */
const backend = z.preprocess(
  (value) => (typeof value === 'string' ? { address: value } : value),
  fields.strictMap('a backend: HOST:PORT or { address, weight }', {
    address: fields.backendAddressField,
    weight: fields.wholeNumberField(1, 1000).default(1),
  }),
)

const cluster = fields.strictMap('a cluster: { backends }', {
  balance: fields.choiceOf(['round-robin']).default('round-robin'),
  backends: fields.listOf('a list of backends', backend),
  halfClose: fields.choiceOf(['propagate', 'close']).default('propagate'),
})

const timeouts = fields.strictMap('a map of timeouts', {
  connectMs: fields.durationField.default(5000),
  idleMs: fields.durationField.default(600_000),
  halfClosedMs: fields.durationField.default(30_000),
  lifetimeMs: fields.durationField.default(0),
  drainMs: fields.durationField.default(30_000),
})

const log = fields.strictMap('a map: { level, access }', {
  level: fields.choiceOf(LOG_LEVELS).default('info'),
  access: fields.booleanField.default(true),
})

export const configSchema: z.ZodType<Config> = fields.strictMap('a map with listeners and clusters', {
  splice: fields.choiceOf(SPLICE_MODES).default('auto'),
  workers: fields.workersField.default(1),
  kernelPipeBytes: fields
    .sizeField({ bytes: 64 * 1024, text: '64KiB' }, { bytes: 1024 ** 2, text: '1MiB' })
    .default(128 * 1024),
  listeners: fields.listOf('a list of listeners', listener),
  clusters: fields.mapOf('a map of clusters', cluster),
  timeouts: timeouts.prefault({}),
  log: log.prefault({}),
})
