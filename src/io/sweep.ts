/**
 * One coarse timer for the deadlines of all members, instead of a timer per connection. It runs only while
 * there are members, and never keeps the process alive. Joining and leaving allocate nothing.
 */

/** Something with deadlines of its own. */
export interface Expirable {
  /** Index in its sweep. Only the sweep writes it. Starts as -1. */
  sweepIndex: number
  /**
   * Ends itself if a deadline has passed. `now` is `performance.now()` in ms. `sinceMs` is the time since the
   * last look. With it, a member does something that is due at a certain age only once.
   */
  expire(now: number, sinceMs: number): void
}

/** A deadline is noticed at most a quarter of the shortest timeout late, within these bounds (ms). */
const SHORTEST_TICK_MS = 10
const LONGEST_TICK_MS = 1000
/**
 * Thousands of deadlines may be due at once. A look pauses for others after this long (ms). It checks the
 * time once every ASK_EVERY members.
 */
const LONGEST_PART_MS = 2
const ASK_EVERY = 64

/** Called at each look. `lateMs`: how late the timer was. `isLast`: all members have left, and it stops. */
export type Looked = (lateMs: number, isLast: boolean) => void

export class Sweep<Member extends Expirable = Expirable> {
  readonly #members: Member[] = []
  readonly #looked: Looked
  #timer: NodeJS.Timeout | undefined
  /** The rest of a look that was too long for one part. */
  #rest: NodeJS.Immediate | undefined
  #tickMs = Number.POSITIVE_INFINITY
  /** Time of the last look. Before the first look: a time when there were no members. */
  #tickedAt = performance.now()
  #dueAt = 0

  constructor(looked: Looked = () => {}) {
    this.#looked = looked
  }

  /** Number of members. */
  get size(): number {
    return this.#members.length
  }

  /** A copy of the list of members, in no particular order. It does not change when members come or go. */
  members(): readonly Member[] {
    return [...this.#members]
  }

  /** Watches `member`, whose shortest timeout is `shortestMs`. 0 or less: it has no timeout. */
  add(member: Member, shortestMs: number): void {
    member.sweepIndex = this.#members.push(member) - 1
    if (shortestMs > 0) this.#tickAtLeastEvery(shortestMs / 4)
  }

  delete(member: Member): void {
    if (this.#members[member.sweepIndex] !== member) return
    const last = this.#members.pop()!
    if (last !== member) {
      this.#members[member.sweepIndex] = last
      last.sweepIndex = member.sweepIndex
    }
    member.sweepIndex = -1
  }

  #tickAtLeastEvery(ms: number): void {
    const tickMs = Math.min(Math.max(ms, SHORTEST_TICK_MS), LONGEST_TICK_MS)
    if (tickMs >= this.#tickMs) return
    this.#tickMs = tickMs
    if (this.#timer === undefined) this.#tickedAt = performance.now()
    clearInterval(this.#timer)
    this.#dueAt = performance.now() + tickMs
    this.#timer = setInterval(() => this.#tick(), tickMs)
    this.#timer.unref()
  }

  #tick(): void {
    const now = performance.now()
    // The last look still goes on. No member is asked twice about the same time.
    if (this.#rest !== undefined) {
      this.#dueAt = now + this.#tickMs
      return
    }
    const isLast = this.#members.length === 0
    this.#looked(Math.max(0, now - this.#dueAt), isLast)
    if (isLast) this.#stop()
    this.#dueAt = now + this.#tickMs
    const sinceMs = now - this.#tickedAt
    this.#tickedAt = now
    this.#lookAt(this.#members.length, now, sinceMs)
  }

  /** Asks the first `count` members, the last first: if one leaves, one that was asked takes its place. */
  #lookAt(count: number, now: number, sinceMs: number): void {
    this.#rest = undefined
    const began = performance.now()
    for (let i = count - 1; i >= 0; i--) {
      this.#members[i]?.expire(now, sinceMs)
      if (i % ASK_EVERY === 0 && i > 0 && performance.now() - began > LONGEST_PART_MS) {
        this.#rest = setImmediate(() => this.#lookAt(i, now, sinceMs)).unref()
        return
      }
    }
  }

  /** Only the tick stops the timer: a lone connection that comes and goes must not start one each time. */
  #stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#tickMs = Number.POSITIVE_INFINITY
  }
}
