/**
 * What limits a pipe, as the pipe sees it. A pipe asks before it takes bytes, and knows nothing of rates, other
 * connections or days. src/limits/bandwidth/ implements it.
 */

/** Limits how fast one direction takes bytes. */
export interface Throttle {
  /** The direction must ask before it takes bytes. So no offload may move them. */
  readonly isMetering: boolean
  /** The direction may take nothing now. The throttle has its pipe run when it may. */
  readonly isWaiting: boolean
  /** How many of `wanted` bytes the direction may take now. 0: none, it waits. Call `used` after the move. */
  grant(wanted: number): number
  /** How many bytes came. The rest of the grant goes back. */
  used(bytes: number): void
}

/** What made one direction slower. */
export interface Slowed {
  /** The limit for which it waited longest: `connection`, `source`, `listener`, `cluster` or `process`. */
  readonly by: string
  /** The rate of the connection itself, if this is the limit, or if the kernel paces the connection beside it. */
  readonly bytesPerSecond?: number | undefined
  /** How long it waited for all its limits, in whole ms. Undefined: only the kernel paces it, and does not tell. */
  readonly waitedMs?: number | undefined
}

/** Directions that nothing made slower are missing. */
export interface SlowedDirections {
  readonly up?: Slowed | undefined
  readonly down?: Slowed | undefined
}

export interface PipeLimits {
  readonly up: Throttle
  readonly down: Throttle
  /**
   * How many more bytes may move, both directions together, after `moved`. Infinity: no limit. Once it is 0, both
   * directions are held back.
   */
  left(moved: number): number
  /**
   * Counts what has moved by now. Called at each look at deadlines, and before the record. False: the source of the
   * connection may move no more bytes today, and the connection ends.
   */
  look(moved: number): boolean
  /** Undefined: nothing made the pipe slower. */
  slowed(): SlowedDirections | undefined
  /** The pipe is over. Called once. */
  close(): void
}
