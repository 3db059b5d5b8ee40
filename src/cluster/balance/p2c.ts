/**
 * Power of two choices: draws two different candidates at random, by weight, and takes the one with fewer connections for
 * its weight. Near to least connections, at a cost that does not grow with the number of backends. Many workers or
 * proxies that each see a part of the connections do not all choose the same backend.
 */
import { type Balancer, type Candidate, openOf } from './balancer.js'
import type { PickNotes } from './notes.js'
import type { BalanceRequest } from './request.js'
import { type Random, WeightedDraw } from './weighted-draw.js'

export class PowerOfTwoChoices<Item extends Candidate> implements Balancer<Item> {
  readonly #draw: WeightedDraw<Item>

  constructor(items: readonly Item[], random: Random = Math.random) {
    this.#draw = new WeightedDraw(items, random)
  }

  pick(
    isCandidate: (item: Item) => boolean,
    _request?: BalanceRequest,
    notes?: PickNotes<Item>,
  ): Item | undefined {
    const one = this.#draw.draw(isCandidate)
    if (one === undefined) return undefined
    const two = this.#draw.draw(isCandidate, one)
    if (notes !== undefined) notes.drawn = two === undefined ? [one] : [one, two]
    return two !== undefined && loadOf(two) < loadOf(one) ? two : one
  }

  reweighted(): void {
    this.#draw.reweighted()
  }
}

const loadOf = (item: Candidate): number => (openOf(item) + 1) / item.share
