/** What a cluster is told by its config, and what it tells. */
import type { ClusterSocket } from '../config/schemas/socket-schema.js'
import type { Counts } from '../limits/counts/counts.js'
import type { ClusterLimits } from '../limits/policy.js'
import type { ForwardProxyOptions } from '../via/forward-proxy.js'
import type { BalancePolicy } from './balance/rules.js'
import type { DialPolicy } from './egress/policy.js'
import type { DialThrough } from './forward-proxy.js'
import type { HealthPolicy } from './health/policy.js'
import type { JudgeHooks } from './judge.js'
import type { BackendOptions } from './members.js'
import type { Expansion, FoundBackend } from './names/cluster-names.js'
import type { NamesProvider } from './names/provider.js'

export interface ClusterOptions extends BalancePolicy {
  /** How long a backend that has come back, or was added, has less than its share. 0: it has its share at once. */
  readonly slowStartMs: number
  readonly health: HealthPolicy
  /** With `dial`: one for each allowed name and port. */
  readonly backends: readonly BackendOptions[]
  /** Names of which each place is a backend. Default: none. */
  readonly expansions?: readonly Expansion[]
  /** The cluster dials the servers that its clients ask for. Undefined: it dials its backends. */
  readonly dial?: DialPolicy | undefined
  /** Limits of its connections. Undefined: there are none, and nothing is counted. */
  readonly limits?: ClusterLimits | undefined
  /** Of the sockets to its backends, or to its forward proxy. Undefined: as the system has them. */
  readonly socket?: ClusterSocket | undefined
  /** The forward proxy of all connects. Undefined: millrace connects directly. */
  readonly via?: ForwardProxyOptions | undefined
}

/** All hooks are optional. A hook must not throw. */
export interface HooksOf<Cluster> extends JudgeHooks {
  /** The backends that its expanded names mean now. Whoever keeps the list of backends calls `update` with them. */
  onFound?(backends: readonly FoundBackend[], cluster: Cluster): void
  /** A connection has no key that `balance: hash` could use. It is balanced in turn. */
  onNoKey?(cluster: Cluster): void
  /** A client has to wait for a place. */
  onQueued?(cluster: Cluster): void
  /** Counts the connections of all processes. Default: this process counts alone. */
  readonly counts?: Counts
  /** Says what names mean. Default: no name means anything. */
  readonly names?: NamesProvider
  /** How to dial through a forward proxy. Without it the options have no `via`. */
  dialThrough?: DialThrough
  /** A clock in ms that never goes back. Default: `performance.now`. */
  now?(): number
  /** At least 0, less than 1. Default: `Math.random`. */
  random?(): number
}
