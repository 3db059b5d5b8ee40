/**
 * Checks an order to drain and fills in the default times. It does not check whether the names exist: whoever
 * has the names does.
 */
import { LONGEST_DURATION_MS } from '../config/constants.js'
import { MillraceError } from '../errors.js'
import { faultOfScope, faultOfTimes, type ScopeFault } from './faults.js'
import type { DrainOptions, DrainOrder } from './orders.js'

export interface DrainTimes {
  /** ms. 0: no deadline. */
  readonly deadlineMs: number
  /** ms before the deadline. */
  readonly spreadMs: number
}

/** The default spread, as a part of the time until the deadline. */
const USUAL_SPREAD = 0.5

const SCOPE_FAULTS: Readonly<Record<ScopeFault, string>> = {
  'listener-and-cluster': 'a drain takes a listener or a cluster, not both',
  'backend-alone': 'a drain of a backend needs its cluster too',
}

/** @throws MillraceError `bad-argument` */
export function checkScope(order: DrainOrder): void {
  const fault = faultOfScope(order)
  if (fault !== undefined) throw bad(SCOPE_FAULTS[fault])
}

/** The order must have passed `checkScope`. */
export function isEverything({ listener, cluster }: DrainOrder): boolean {
  return listener === undefined && cluster === undefined
}

/**
 * The times of an order, with its defaults. Without a deadline there is no spread.
 *
 * @throws MillraceError `bad-argument`
 */
export function timesOf({ deadlineMs, spreadMs }: DrainOptions, drainMs: number): DrainTimes {
  const endMs = deadlineMs ?? drainMs
  const times = { deadlineMs: endMs, spreadMs: endMs === 0 ? 0 : (spreadMs ?? endMs * USUAL_SPREAD) }
  for (const [name, ms] of Object.entries(times)) {
    if (!(ms >= 0 && ms <= LONGEST_DURATION_MS))
      throw bad(`${name}: expected ms from 0 to ${LONGEST_DURATION_MS} (24 days), found ${ms}`)
  }
  if (faultOfTimes(times) !== undefined)
    throw bad(`spreadMs (${times.spreadMs}) is longer than the deadline (${endMs})`)
  return times
}

/** What is left of the times after `passedMs`. */
export function timesLeft({ deadlineMs, spreadMs }: DrainTimes, passedMs: number): DrainTimes {
  if (deadlineMs === 0) return { deadlineMs, spreadMs }
  const leftMs = Math.max(1, deadlineMs - passedMs)
  return { deadlineMs: leftMs, spreadMs: Math.min(spreadMs, leftMs) }
}

const bad = (message: string): MillraceError => new MillraceError('bad-argument', message)
