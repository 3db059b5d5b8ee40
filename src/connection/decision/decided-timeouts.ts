/** Reads the timeouts that a route function returns. A mistake in them is a mistake of the function. */
import { LONGEST_DURATION_MS } from '../../config/constants.js'
import { type OwnTimeouts, type TimeoutAt, timeoutsAt } from '../../config/timeouts.js'
import { parseDuration } from '../../config/units.js'
import { type Reader, type Readers, readMap, wrong } from './read-map.js'

type DecidedTimeouts = Pick<OwnTimeouts, TimeoutAt<'decision'>>

/** In ms. 0: no limit. */
const readTimeout: Reader<number> = (value, at) => {
  const ms = typeof value === 'string' ? parseDuration(value) : value
  if (typeof ms === 'string') throw new TypeError(`route: ${at}: ${ms}`)
  if (typeof ms === 'number' && Number.isInteger(ms) && ms >= 0 && ms <= LONGEST_DURATION_MS) return ms
  throw wrong(at, 'whole ms or a duration, from 0 to 24d', value)
}

const READERS = Object.fromEntries(
  timeoutsAt('decision').map((name) => [name, readTimeout]),
) as Readers<DecidedTimeouts>

export const readTimeouts: Reader<DecidedTimeouts> = (value, at) =>
  readMap(value, READERS, at, 'a map such as { idleMs: "8h" }')
