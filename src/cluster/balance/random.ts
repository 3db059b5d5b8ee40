/** A candidate at random, by weight. Workers and proxies that share backends need not agree on anything. */
import type { Balancer, Candidate } from './balancer.js'
import { type Random, WeightedDraw } from './weighted-draw.js'

export class RandomChoice<Item extends Candidate> implements Balancer<Item> {
  readonly #draw: WeightedDraw<Item>

  constructor(items: readonly Item[], random: Random = Math.random) {
    this.#draw = new WeightedDraw(items, random)
  }

  pick(isCandidate: (item: Item) => boolean): Item | undefined {
    return this.#draw.draw(isCandidate)
  }

  reweighted(): void {
    this.#draw.reweighted()
  }
}
