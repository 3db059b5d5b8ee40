/**
 * One coarse timer for every deadline of an engine, instead of a timer per connection. It runs only while
 * there is something to watch and never keeps the process alive.
 */

/** Something with deadlines of its own. */
export interface Expirable {
  /** Ends itself if a deadline has passed. `now` is `performance.now()` in ms. */
  expire(now: number): void
}

/** A deadline is noticed at most a quarter of the shortest timeout late, within these bounds (ms). */
const SHORTEST_TICK_MS = 10
const LONGEST_TICK_MS = 1000

export class Sweep {
  readonly #members = new Set<Expirable>()
  #timer: NodeJS.Timeout | undefined
  #tickMs = Number.POSITIVE_INFINITY

  /** Number of members. */
  get size(): number {
    return this.#members.size
  }

  /** Every member, in order of arrival. A member may leave while this is walked. */
  members(): IterableIterator<Expirable> {
    return this.#members.values()
  }

  /** Watches `member`, whose shortest timeout is `shortestMs` (0 or less: it has none). */
  add(member: Expirable, shortestMs: number): void {
    this.#members.add(member)
    if (shortestMs > 0) this.#tickAtLeastEvery(shortestMs / 4)
  }

  delete(member: Expirable): void {
    this.#members.delete(member)
  }

  #tickAtLeastEvery(ms: number): void {
    const tickMs = Math.min(Math.max(ms, SHORTEST_TICK_MS), LONGEST_TICK_MS)
    if (tickMs >= this.#tickMs) return
    this.#tickMs = tickMs
    clearInterval(this.#timer)
    this.#timer = setInterval(() => this.#tick(), tickMs)
    this.#timer.unref()
  }

  #tick(): void {
    if (this.#members.size === 0) this.#stop()
    const now = performance.now()
    for (const member of this.#members) member.expire(now)
  }

  /** Stopping is left to the tick: a lone connection that comes and goes must not set a timer up each time. */
  #stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#tickMs = Number.POSITIVE_INFINITY
  }
}
