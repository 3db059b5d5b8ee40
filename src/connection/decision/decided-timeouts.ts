/** Reads the timeouts that a route function returns. A mistake in them is a mistake of the function. */
import { LONGEST_DURATION_MS } from '../../config/constants.js'
import { type OwnTimeouts, timeoutsAt } from '../../config/timeouts.js'
import { parseDuration } from '../../config/units.js'

const NAMES: readonly string[] = timeoutsAt('decision')

/** @throws TypeError that says which timeout is wrong, and what to return instead */
export function readTimeouts(timeouts: unknown): OwnTimeouts {
  if (typeof timeouts !== 'object' || timeouts === null)
    throw new TypeError(`route: timeouts must be a map, such as { idleMs: '8h' }`)
  const read: { [name: string]: number | undefined } = {}
  for (const name of Object.keys(timeouts)) read[name] = readTimeout(name, timeouts[name as never])
  return read
}

function readTimeout(name: string, value: unknown): number | undefined {
  if (!NAMES.includes(name))
    throw new TypeError(`route: timeouts has no ${name}: return one of ${NAMES.join(', ')}`)
  if (value === undefined) return undefined
  const ms = typeof value === 'string' ? parseDuration(value) : value
  if (typeof ms === 'string') throw new TypeError(`route: timeouts.${name}: ${ms}`)
  if (typeof ms === 'number' && Number.isInteger(ms) && ms >= 0 && ms <= LONGEST_DURATION_MS) return ms
  throw new TypeError(`route: timeouts.${name} must be whole ms or a duration, from 0 to 24d`)
}
