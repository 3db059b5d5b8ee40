/** The time of a faulty proxy. Tests of it have a clock of their own. */

export interface Clock {
  /** In ms, from any beginning. It never goes back. */
  now(): number
  /** Calls `then` once, not before `ms` have passed. Returns what calls it off. */
  after(ms: number, then: () => void): () => void
}

/** The longest time that a timer of Node can wait. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, then) {
    const timer = setTimeout(then, Math.min(Math.ceil(ms), LONGEST_TIMER_MS))
    return () => clearTimeout(timer)
  },
}
