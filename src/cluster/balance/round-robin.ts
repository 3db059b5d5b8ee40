/**
 * Smooth weighted round robin: whose turn it is. Over one cycle everybody gets exactly their weight, spread
 * out rather than in a row. Weights are read anew each time. Pure.
 */
import type { Balancer } from './balancer.js'

interface Turn<Item> {
  readonly item: Item
  /** What is owed to the item. Grows by its weight at each pick it stands for, shrinks when it is picked. */
  credit: number
}

export class RoundRobin<Item extends { readonly weight: number }> implements Balancer<Item> {
  readonly #turns: readonly Turn<Item>[]

  constructor(items: readonly Item[]) {
    this.#turns = items.map((item) => ({ item, credit: 0 }))
  }

  /**
   * Only candidates earn credit: an item that was away must not come back to a pile of turns, and its share
   * must go to all the others by weight rather than to whoever follows it.
   */
  pick(isCandidate: (item: Item) => boolean): Item | undefined {
    let best: Turn<Item> | undefined
    let totalWeight = 0
    for (const turn of this.#turns) {
      if (!isCandidate(turn.item)) continue
      turn.credit += turn.item.weight
      totalWeight += turn.item.weight
      if (best === undefined || turn.credit > best.credit) best = turn
    }
    if (best !== undefined) best.credit -= totalWeight
    return best?.item
  }
}
