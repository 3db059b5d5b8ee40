// @ts-check
/**
 * What counts have grown by in the last five minutes: latencies, ends. Counted since the start of a process they would
 * tell of last week.
 */

/** A look at the counts every so often (s), and for how long: the difference to the oldest look is what is shown. */
const EVERY = 10
const SPAN = 300

/** Counts that belong together. */
class Growth {
  /** @type {{ at: number, counts: readonly number[] }[]} */
  #looks
  #last
  #at

  /**
   * @param {readonly number[]} counts to begin with
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
    // Of one worker less; or the clock was set.
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
   * What is not told for five minutes is forgotten. What a process has not told before, it has just begun to count; only
   * of one that this page meets for the first time, nobody knows since when.
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
