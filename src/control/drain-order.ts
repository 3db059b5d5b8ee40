/**
 * An order to drain as a proxy takes it: what it is about has to make sense, and what it does not say of the times has
 * its default. Whether what it names is there is up to who has the names.
 */
import { LONGEST_DURATION_MS } from '../config/schemas/fields.js'
import { MillraceError } from '../errors.js'
import { faultOfScope, faultOfTimes, type ScopeFault } from './faults.js'
import type { DrainOptions, DrainOrder } from './orders.js'

export interface DrainTimes {
  /** ms. 0: never. */
  readonly deadlineMs: number
  /** ms before the deadline. */
  readonly spreadMs: number
}

/** Of the time until the deadline, where nobody says another spread. */
const USUAL_SPREAD = 0.5

const SCOPE_FAULTS: Readonly<Record<ScopeFault, string>> = {
  'listener-and-cluster': 'a drain: either a listener or a cluster',
  'backend-alone': 'a drain: a backend is named with its cluster',
}

/** @throws MillraceError `bad-argument` */
export function checkScope(order: DrainOrder): void {
  const fault = faultOfScope(order)
  if (fault !== undefined) throw bad(SCOPE_FAULTS[fault])
}

/** Of a good order. */
export function isEverything({ listener, cluster }: DrainOrder): boolean {
  return listener === undefined && cluster === undefined
}

/**
 * What an order says of the times, with its defaults. Without a deadline there is nothing to spread before it.
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

const bad = (message: string): MillraceError => new MillraceError('bad-argument', message)
