// @ts-check
/**
 * How long each backend has taken in the last five minutes: what its histograms have grown by. Counted since the start
 * of a process they would not move any more after days.
 */

/** @import { Backend, Cluster, Histogram, Status } from './moment.js' */

/** A look at the counts every so often (s), and for how long: the difference to the oldest look is what is shown. */
const EVERY = 10
const SPAN = 300

/**
 * @typedef {object} Latency
 * @property {Histogram} connect
 * @property {Histogram} firstByte
 */

/** One histogram's growth. */
export class Growth {
  /** @type {{ at: number, counts: readonly number[] }[]} */
  #looks = []
  /** @type {readonly number[]} */
  #last = []

  /**
   * @param {Histogram} histogram
   * @param {number} now seconds since 1970
   * @returns {Histogram} of the last five minutes, or since the first look
   */
  add(histogram, now) {
    const { counts } = histogram
    // Of another process, or of one worker less; or the clock was set.
    const isLess = counts.some((count, index) => count < (this.#last[index] ?? 0))
    if (isLess || now < this.#lookedAt) this.#looks = []
    this.#last = counts
    if (now - this.#lookedAt >= EVERY) this.#looks.push({ at: now, counts })
    while (now - (this.#looks[0]?.at ?? now) > SPAN) this.#looks.shift()
    const before = this.#looks[0]?.counts ?? counts
    return { ...histogram, counts: counts.map((count, index) => count - (before[index] ?? 0)) }
  }

  get #lookedAt() {
    return this.#looks.at(-1)?.at ?? Number.NEGATIVE_INFINITY
  }
}

export class Latencies {
  /** @type {Map<string, { connect: Growth, firstByte: Growth }>} */
  #growths = new Map()
  /** @type {Map<string, Latency>} */
  #latencies = new Map()

  /**
   * @param {Status} status
   * @param {number} now seconds since 1970
   */
  add({ clusters }, now) {
    const known = this.#growths
    this.#growths = new Map()
    this.#latencies = new Map()
    for (const cluster of clusters) {
      for (const backend of cluster.backends) {
        const key = keyOf(cluster, backend)
        const growth = known.get(key) ?? { connect: new Growth(), firstByte: new Growth() }
        this.#growths.set(key, growth)
        this.#latencies.set(key, {
          connect: growth.connect.add(backend.connectSeconds ?? cluster.connectSeconds, now),
          firstByte: growth.firstByte.add(backend.firstByteSeconds ?? cluster.firstByteSeconds, now),
        })
      }
    }
  }

  /**
   * @param {Cluster} cluster
   * @param {Backend} backend
   */
  of(cluster, backend) {
    return this.#latencies.get(keyOf(cluster, backend))
  }
}

/**
 * @param {Cluster} cluster
 * @param {Backend} backend
 */
const keyOf = ({ name }, { address }) => `${name}\0${address}`
