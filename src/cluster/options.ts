/** What a cluster is told by its config. */
import type { BalancePolicy } from './balance/rules.js'
import type { DialPolicy } from './egress/policy.js'
import type { HealthPolicy } from './health/policy.js'
import type { BackendOptions } from './members.js'

export interface ClusterOptions extends BalancePolicy {
  /** How long a backend that has come back, or was added, has less than its share. 0: it has its share at once. */
  readonly slowStartMs: number
  readonly health: HealthPolicy
  /** With `dial`: one for each allowed name and port. */
  readonly backends: readonly BackendOptions[]
  /** The cluster dials the servers that its clients ask for. Undefined: it dials its backends. */
  readonly dial?: DialPolicy | undefined
}
