// @ts-check
/**
 * How much counts grew in the last five minutes: those of latencies and of ended connections. Counts since the start of a
 * process would show the traffic of last week.
 */

/** The page keeps a copy of the counts every 10 s, for 300 s. It shows the difference to the oldest copy. */
const EVERY = 10
const SPAN = 300

/** Counts that belong together, such as the buckets of one histogram. */
class Growth {
  /** @type {{ at: number, counts: readonly number[] }[]} */
  #looks
  #last
  #at

  /**
   * @param {readonly number[]} counts the first counts
   * @param {number} now seconds since 1970
   */
  constructor(counts, now) {
    this.#looks = [{ at: now, counts }]
    this.#last = counts
    this.#at = now
  }

  /**
   * @param {readonly number[]} counts
   * @param {number} now seconds since 1970
   */
  add(counts, now) {
    // Counts fall when a worker is gone. Time goes back when the clock was set.
    const isLess = counts.some((count, index) => count < (this.#last[index] ?? 0))
    if (isLess || now < this.#at) this.#looks = []
    this.#last = counts
    this.#at = now
    if (now - (this.#looks.at(-1)?.at ?? 0) >= EVERY) this.#looks.push({ at: now, counts })
    while (now - (this.#looks[0]?.at ?? now) > SPAN) this.#looks.shift()
    const before = this.#looks[0]?.counts ?? counts
    return counts.map((count, index) => count - (before[index] ?? 0))
  }

  /** @param {number} now seconds since 1970 */
  isOver(now) {
    return now - this.#at > SPAN
  }
}

export class Growths {
  /** @type {Map<string, Growth>} */
  #growths = new Map()
  /** @type {Map<string, readonly number[]>} */
  #grown = new Map()
  #startedAt = /** @type {string | undefined} */ (undefined)

  /**
   * Adds the counts of one sample. Counts that are missing for five minutes are forgotten. A count that the same process did
   * not have before began at 0. The first counts of another process are the base, because they may be old.
   * @param {ReadonlyMap<string, readonly number[]>} told
   * @param {string | undefined} startedAt
   * @param {number} now seconds since 1970
   */
  add(told, startedAt, now) {
    const isOther = startedAt !== this.#startedAt
    if (isOther) this.#growths.clear()
    this.#startedAt = startedAt
    this.#grown = new Map()
    for (const [key, counts] of told) {
      const growth = this.#growths.get(key) ?? new Growth(isOther ? counts : counts.map(() => 0), now)
      this.#growths.set(key, growth)
      this.#grown.set(key, growth.add(counts, now))
    }
    for (const [key, growth] of this.#growths) if (growth.isOver(now)) this.#growths.delete(key)
  }

  /**
   * @param {string} key
   * @returns {readonly number[]}
   */
  of(key) {
    return this.#grown.get(key) ?? []
  }
}
