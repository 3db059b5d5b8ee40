/**
 * Draws a candidate at random, each with a probability in proportion to its share. A few draws are enough where most
 * backends are candidates and their weights are alike, so the cost does not grow with their number. Otherwise it looks at
 * all of them once. Both ways have the same distribution.
 */
import type { Candidate } from './balancer.js'

const MOST_TRIES = 16

/** At least 0, less than 1. */
export type Random = () => number

export class WeightedDraw<Item extends Candidate> {
  readonly #items: readonly Item[]
  readonly #random: Random
  /** Undefined until the next draw needs it. */
  #largestWeight: number | undefined

  constructor(items: readonly Item[], random: Random) {
    this.#items = items
    this.#random = random
  }

  reweighted(): void {
    this.#largestWeight = undefined
  }

  /** Never answers `other`. */
  draw(isCandidate: (item: Item) => boolean, other?: Item): Item | undefined {
    const { length } = this.#items
    this.#largestWeight ??= this.#items.reduce((most, { weight }) => Math.max(most, weight), 0)
    for (let tries = 0; tries < MOST_TRIES && length > 0; ++tries) {
      const item = this.#items[Math.floor(this.#random() * length)]!
      const isAccepted = this.#random() * this.#largestWeight < item.share
      if (isAccepted && item !== other && isCandidate(item)) return item
    }
    return this.#drawFromAll(isCandidate, other)
  }

  /** Each candidate replaces the one before it with the probability that makes the result right. */
  #drawFromAll(isCandidate: (item: Item) => boolean, other: Item | undefined): Item | undefined {
    let total = 0
    let drawn: Item | undefined
    for (const item of this.#items) {
      if (item === other || !isCandidate(item)) continue
      total += item.share
      if (this.#random() * total < item.share) drawn = item
    }
    return drawn
  }
}
