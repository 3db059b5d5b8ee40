/**
 * What a pipe may be told, and what it does where nobody says: of a proxy's config and of the library's `pipe()` alike.
 * Pure.
 */
export const SPLICE_MODES = ['auto', 'on', 'off'] as const
/** How a direction's bytes are moved: by what suits them, always through a kernel pipe where possible, or never so. */
export type SpliceMode = (typeof SPLICE_MODES)[number]

export const HALF_CLOSES = ['propagate', 'close'] as const
/** What one side's end does to the other: it is passed on, or it ends the whole pipe once nothing is in flight. */
export type HalfClose = (typeof HALF_CLOSES)[number]

export const DEFAULTS = {
  splice: 'auto',
  halfClose: 'propagate',
  /** No byte moved in either direction. */
  idleMs: 600_000,
  /** One direction has finished and no byte moved in the other. */
  halfClosedMs: 30_000,
  /** From its begin, whatever it does. 0: never. */
  lifetimeMs: 0,
} as const
