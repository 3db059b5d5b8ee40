/**
 * The options of a pipe and their defaults, for a proxy's config and for the library's `pipe()`. Pure.
 */
export const SPLICE_MODES = ['auto', 'on', 'off'] as const
/**
 * How a direction moves its bytes. `auto` copies small messages and splices bulk data. `on` uses a kernel
 * pipe wherever possible, `off` never.
 */
export type SpliceMode = (typeof SPLICE_MODES)[number]

export const HALF_CLOSES = ['propagate', 'close'] as const
/**
 * What the end of one side does to the other. `propagate` passes it on. `close` ends the whole pipe once
 * nothing is in flight.
 */
export type HalfClose = (typeof HALF_CLOSES)[number]

/** Clients that may wait for their accept: net.core.somaxconn's default since Linux 5.4. The kernel takes the smaller of the two. */
export const USUAL_BACKLOG = 4096

export const DEFAULTS = {
  splice: 'auto',
  halfClose: 'propagate',
  /** ms without a byte in either direction. */
  idleMs: 600_000,
  /** ms without a byte in one direction, once the other one has finished. */
  halfClosedMs: 30_000,
  /** ms from the start of the pipe, whatever it does. 0: no limit. */
  lifetimeMs: 0,
} as const
