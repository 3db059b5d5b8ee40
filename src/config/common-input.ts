/**
 * What stands in several places of a config: quantities with a unit, and the keys that listeners and clusters
 * share.
 */

/** Whole ms, or text such as `250ms`, `5s`, `10m`, `1h`, `1d`. At most 24 days. */
export type Duration = number | string
/** Whole bytes, or text such as `64KiB`, `1MiB`, `100KB`. */
export type Size = number | string

/**
 * Probes by which the kernel finds out that a peer has vanished (tcp(7)). The connection then ends as reset,
 * with the errno ETIMEDOUT. Without the addon Node can set only `idleMs`: 10 probes follow, one a second.
 */
export interface KeepaliveInput {
  /** Silence before the first probe: whole seconds, 1 s to 32,767 s. Default 60 s. */
  readonly idleMs?: Duration | undefined
  /** Time between probes: whole seconds, 1 s to 32,767 s. Default 15 s. */
  readonly everyMs?: Duration | undefined
  /** Unanswered probes after which the kernel ends the connection: 1 to 127. Default 4. */
  readonly count?: number | undefined
}

/** The timeouts of one listener or cluster. */
export interface OwnTimeoutsInput {
  /** As `deadPeerMs` of the config's `timeouts`, for this listener or cluster. Default: the config's. */
  readonly deadPeerMs?: Duration | undefined
}
