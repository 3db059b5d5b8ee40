/** The clock of tables of counts: CLOCK_MONOTONIC, which is the same for all processes of a machine, and the day in UTC. */
import type { CountsClock } from './counts.js'

const MS_PER_DAY = 86_400_000
const MS_PER_SECOND = 1000
const NS_PER_MS = 1e6

export function countsClock(): CountsClock {
  // `performance.now` counts from the start of the process, and `hrtime` makes an array for each call.
  const [seconds, ns] = process.hrtime()
  const startedMs = seconds * MS_PER_SECOND + ns / NS_PER_MS - performance.now()
  return {
    now: () => Math.floor((startedMs + performance.now()) * NS_PER_MS),
    day: () => Math.floor(Date.now() / MS_PER_DAY),
  }
}
