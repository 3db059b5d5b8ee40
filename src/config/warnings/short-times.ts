/** Times without a unit count milliseconds. Who writes `idleMs: 10` means 10 seconds. */
import type { Finding, Path } from '../checks/path.js'
import { isMap } from '../checks/unchecked.js'

const SUSPICIOUS_BELOW_MS = 1000
/** Times that are often as short as that. */
const OFTEN_SHORT: ReadonlySet<string> = new Set(['afterMs', 'raceMs', 'slowStartMs'])

export function shortTimes(input: unknown, path: Path = []): Finding[] {
  if (Array.isArray(input)) return input.flatMap((item, index) => shortTimes(item, [...path, index]))
  if (!isMap(input)) return []
  return Object.entries(input).flatMap(([key, value]): Finding[] => {
    const here = [...path, key]
    if (!key.endsWith('Ms') || OFTEN_SHORT.has(key)) return shortTimes(value, here)
    const ms = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
    if (typeof ms !== 'number' || ms === 0 || ms >= SUSPICIOUS_BELOW_MS) return []
    const message = `${ms} without a unit is ${ms} milliseconds: write ${ms}s for seconds, or ${ms}ms`
    return [{ path: here, message, about: 'value' }]
  })
}
