/**
 * Consistent hashing with bounded loads (Mirrokni, Thorup and Zadimoghaddam 2016): no backend gets more than `factor` times
 * its share of the open connections. A key whose backend is full goes to the next one in its order.
 */
import { type Candidate, openOf } from '../balancer.js'

export class BoundedLoad<Item extends Candidate> {
  readonly #items: readonly Item[]
  readonly #factor: number
  #isCandidate: (item: Item) => boolean = () => false
  /** Connections that all candidates together may have, with the one that is to come, for each unit of weight. */
  #mostPerWeight = 0

  constructor(items: readonly Item[], factor: number) {
    this.#items = items
    this.#factor = factor
  }

  /**
   * The candidates that have room. There is always one: together they may have `factor` times what they have with one more,
   * and `factor` is greater than 1. Good until the next call.
   */
  withRoom(isCandidate: (item: Item) => boolean): (item: Item) => boolean {
    let open = 0
    let weights = 0
    for (const item of this.#items) {
      if (!isCandidate(item)) continue
      open += openOf(item)
      weights += item.share
    }
    this.#isCandidate = isCandidate
    this.#mostPerWeight = Math.ceil((open + 1) * this.#factor) / weights
    return this.#hasRoom
  }

  readonly #hasRoom = (item: Item): boolean =>
    this.#isCandidate(item) && openOf(item) < Math.ceil(item.share * this.#mostPerWeight)
}
