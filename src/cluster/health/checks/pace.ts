/** When the next check, or the next question to an agent, is due. Pure, but for the draw that it is given. */
import type { Phase } from './rise-fall.js'

export interface Pace {
  /** ms from the end of a check to the next one. */
  readonly everyMs: number
  /** The same while the state changes. */
  readonly fastMs: number
  /** The same while the backend is down. */
  readonly downMs: number
  /** Each of these is longer or shorter by at most this part. */
  readonly jitterPercent: number
}

/** ms between the first checks of backends that begin together. */
const APART_MS = 20

/** `draw`: at least 0, less than 1. */
export function nextMs(pace: Pace, phase: Phase, draw: number): number {
  const ms = phase === 'up' ? pace.everyMs : phase === 'down' ? pace.downMs : pace.fastMs
  return varied(ms, pace.jitterPercent, draw)
}

/** `ms`, longer or shorter by at most `percent` of it. */
export function varied(ms: number, percent: number, draw: number): number {
  return ms * (1 + (percent / 100) * (2 * draw - 1))
}

/** ms until the first check of the backend at `position` of `count` that begin together. All of them begin within `everyMs`. */
export function firstMs(everyMs: number, position: number, count: number): number {
  return position * Math.min(APART_MS, everyMs / count)
}
