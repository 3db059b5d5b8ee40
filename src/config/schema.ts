/**
 * The config as the rest of the program reads it (`Config`), and the schema that makes it of what people
 * write (`input.ts`). `references.ts` has the checks that need two values. A config is plain data, because it
 * is sent to workers.
 */
import * as z from 'zod'
import type { HashPolicy } from '../cluster/balance/hash/hash-choice.js'
import type { BalanceRule } from '../cluster/balance/rules.js'
import type { DialPolicy } from '../cluster/egress/policy.js'
import type { Expansion } from '../cluster/names/cluster-names.js'
import type { NamesSettings } from '../cluster/names/settings.js'
import { DEFAULTS, HALF_CLOSES, type HalfClose, SPLICE_MODES, type SpliceMode } from '../defaults.js'
import { DEFAULT_PIPE_LIMITS } from '../io/engine.js'
import { SMALLEST_PIPE_BYTES } from '../io/kernel/native-constants.js'
import type { Keepalive, Liveness } from '../io/liveness.js'
import type { ClusterLimits, ProcessLimits } from '../limits/policy.js'
import type { ForwardProxyOptions } from '../via/forward-proxy.js'
import { withIpv6Only } from './checks/listener-addresses.js'
import type { ProxyTlv, StartTls } from './common-input.js'
import { explainForeign } from './foreign-keys.js'
import { PROXY_TLVS } from './proxy-tlvs.js'
import { type AdminConfig, adminSchema } from './schemas/admin-schema.js'
import { type BackendConfig, backendsField, withMaxConnections } from './schemas/backends-schema.js'
import { balanceField, hashField, withHash } from './schemas/balance-schema.js'
import { dialField, withDial, withOwnListeners } from './schemas/dial-schema.js'
import * as fields from './schemas/fields.js'
import { type HandOverConfig, handOverSchema } from './schemas/hand-over-schema.js'
import { type HealthConfig, healthField, withCheck } from './schemas/health-schema.js'
import { clusterLimitsField, processLimitsField, withQueue } from './schemas/limits-schema.js'
import { eachAddress, type ListenerConfig, listenerSchema } from './schemas/listener-schema.js'
import { keepaliveSchema, ownKeepalive, withLiveness } from './schemas/liveness.js'
import { type LogConfig, logSchema } from './schemas/log-schema.js'
import { namesSchema } from './schemas/names-schema.js'
import { type ClusterSocket, clusterSocket, listenerSocket, socketField } from './schemas/socket-schema.js'
import { startTlsField, withStartTls } from './schemas/start-tls-schema.js'
import { type TestConfig, testsField } from './schemas/tests-schema.js'
import { ownTimeoutsField, timeoutsSchema } from './schemas/timeouts-schema.js'
import { type BackendTlsConfig, backendTlsSchema } from './schemas/tls-schema.js'
import { viaField } from './schemas/via-schema.js'
import type { OwnTimeouts, TimeoutsConfig } from './timeouts.js'
import { expected } from './wording.js'

/** A config that passed every check: every default filled in, everything parsed, frozen throughout. */
export interface Config {
  readonly splice: SpliceMode
  readonly workers: number | 'auto'
  /** ms. 0: no worker is ever killed. */
  readonly workerHangMs: number
  readonly upgradeMs: number
  /** The file that keeps changes at run time over a restart. Undefined: none does. */
  readonly state: string | undefined
  readonly handOver: HandOverConfig | false
  readonly kernelPipeBytes: number
  readonly pinnedMemoryBytes: number
  readonly listeners: readonly ListenerConfig[]
  /** Every cluster named in a listener is a key of this. */
  readonly clusters: Readonly<Record<string, ClusterConfig>>
  readonly names: NamesSettings
  /** Of the whole proxy. Undefined: the config does not say any. */
  readonly limits: ProcessLimits | undefined
  readonly timeouts: TimeoutsConfig
  /** For listeners and clusters without their own. */
  readonly keepalive: Keepalive | false
  /** Of the sockets to backends that have no cluster. Undefined: as the system has them. */
  readonly socket: ClusterSocket | undefined
  readonly log: LogConfig
  /** Undefined: the config does not say. Empty: no admin address. */
  readonly admin: readonly AdminConfig[] | undefined
  /** Only `millrace check` runs them. */
  readonly tests: readonly TestConfig[]
}

export interface ClusterConfig {
  readonly balance: BalanceRule
  /** With `balance: hash`, and only with it. */
  readonly hash: HashPolicy | undefined
  readonly slowStartMs: number
  readonly health: HealthConfig
  /** With `dial`: a backend for each allowed name and port. */
  readonly backends: readonly BackendConfig[]
  readonly dial: DialPolicy | undefined
  readonly via: ForwardProxyOptions | undefined
  /** Names of which each place is a backend. */
  readonly expansions: readonly Expansion[]
  readonly halfClose: HalfClose
  readonly sendProxy: SendProxyConfig | undefined
  readonly tls: BackendTlsConfig | undefined
  readonly liveness: Liveness
  readonly timeouts: OwnTimeouts
  /** Undefined: sockets are as the system has them. */
  readonly socket: ClusterSocket | undefined
  readonly startTls: StartTls | undefined
  /** Undefined: no limit but those of its backends. */
  readonly limits: ClusterLimits | undefined
}

export interface SendProxyConfig {
  readonly version: 'v1' | 'v2'
  readonly tlvs: readonly ProxyTlv[]
}

/** Below this, a busy worker would count as one that hangs. */
const SHORTEST_HANG_MS = 100

const sendProxy: z.ZodType<SendProxyConfig> = z.preprocess(
  (value) => (typeof value === 'string' ? { version: value } : value),
  fields.strictMap('a version, or a map: { version, tlvs }', {
    version: fields.choiceOf(['v1', 'v2']),
    tlvs: z
      .array(fields.choiceOf(PROXY_TLVS), { error: ({ input }) => expected('a list of TLVs', input) })
      .default(PROXY_TLVS.filter((name) => name !== 'fromClient')),
  }),
)

const namedBackend = (host: string, port: number): BackendConfig => ({
  address: { kind: 'tcp', host, port },
  weight: 1,
  tier: 0,
  maxConnections: 0,
})

const cluster = fields
  .strictMap('a cluster: { backends }', {
    balance: balanceField,
    hash: hashField,
    slowStartMs: fields.durationField.default(0),
    health: healthField,
    // `references.ts` reports a cluster that has neither these nor `dial`.
    backends: backendsField,
    dial: dialField,
    via: viaField,
    halfClose: fields.choiceOf(HALF_CLOSES).default(DEFAULTS.halfClose),
    sendProxy: fields.optional(sendProxy),
    tls: fields.optional(backendTlsSchema),
    startTls: startTlsField,
    limits: clusterLimitsField,
    keepalive: ownKeepalive,
    timeouts: ownTimeoutsField('cluster'),
    socket: socketField('cluster'),
  })
  .transform(({ backends, ...rest }) => {
    const config = withDial(withCheck(withHash(withStartTls({ ...rest, ...backends }))), namedBackend)
    return withMaxConnections(config, rest.limits?.perBackend?.maxConnections ?? 0)
  })

const config = fields.strictMap(
  'a map with listeners and clusters',
  {
    splice: fields.choiceOf(SPLICE_MODES).default(DEFAULTS.splice),
    workers: fields.workersField.default(1),
    workerHangMs: fields.durationField
      .refine((ms) => ms === 0 || ms >= SHORTEST_HANG_MS, {
        error: ({ input }) => expected('at least 100ms, or 0 to never kill a worker', `${input}ms`),
      })
      .default(30_000),
    upgradeMs: fields.waitField.default(60_000),
    handOver: handOverSchema.prefault(true),
    state: fields.optional(
      fields.checkedTextField('the path of a file', (text) =>
        text === '' ? 'write the path of a file' : undefined,
      ),
    ),
    kernelPipeBytes: fields
      .sizeField({ bytes: SMALLEST_PIPE_BYTES, text: '64KiB' }, { bytes: 1024 ** 2, text: '1MiB' })
      .default(DEFAULT_PIPE_LIMITS.kernelPipeBytes),
    pinnedMemoryBytes: fields
      .sizeField({ bytes: 1024 ** 2, text: '1MiB' }, { bytes: 64 * 1024 ** 3, text: '64GiB' })
      .default(DEFAULT_PIPE_LIMITS.pinnedMemoryBytes),
    include: fields.optional(
      fields.textsField('a file or a pattern such as conf.d/*.yaml', (text) =>
        text === '' ? 'write the path of a file' : undefined,
      ),
    ),
    listeners: fields.listOf('a list of listeners', listenerSchema),
    clusters: fields.mapOf('a map of clusters', cluster),
    names: namesSchema.prefault({}),
    limits: processLimitsField,
    timeouts: timeoutsSchema.prefault({}),
    keepalive: keepaliveSchema.prefault(true),
    socket: socketField('config'),
    log: logSchema.prefault({}),
    admin: adminSchema,
    tests: testsField,
  },
  explainForeign('config'),
)

/** Adds what listeners and clusters take from other parts of the config. */
export const configSchema: z.ZodType<Config> = config.transform(
  ({ listeners: said, clusters, socket, include: _, ...rest }) => {
    const common: Liveness = { keepalive: rest.keepalive, deadPeerMs: rest.timeouts.deadPeerMs }
    const listeners = said.flatMap(eachAddress)
    const addresses = [...listeners, ...(rest.admin ?? [])].map(({ address }) => address)
    const named = Object.entries(clusters).map(([name, each]) => {
      const cluster = withQueue(
        withOwnListeners(each, addresses),
        each.timeouts.connectMs ?? rest.timeouts.connectMs,
      )
      return [name, { ...withLiveness(cluster, common), socket: clusterSocket(each.socket, socket) }] as const
    })
    return {
      ...rest,
      listeners: withIpv6Only(listeners).map((listener) => ({
        ...withLiveness(listener, common),
        socket: listenerSocket(listener.socket, socket),
      })),
      clusters: Object.fromEntries(named),
      socket: clusterSocket({}, socket),
    }
  },
)
