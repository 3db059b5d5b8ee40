/**
 * Smooth weighted round robin. In one cycle every item gets exactly its weight, spread out rather than in a
 * row. It reads the shares anew at each pick. Pure.
 */
import type { Balancer } from './balancer.js'

interface Turn<Item> {
  readonly item: Item
  /**
   * What the item is owed. It grows by the item's share at each pick with the item as a candidate. It
   * shrinks when the item is picked.
   */
  credit: number
}

export class RoundRobin<Item extends { readonly share: number }> implements Balancer<Item> {
  readonly #turns: readonly Turn<Item>[]
  #isReweighted = false

  constructor(items: readonly Item[]) {
    this.#turns = items.map((item) => ({ item, credit: 0 }))
  }

  /**
   * The next pick begins a new cycle: what was owed for the old weights would starve others for a long time. Only a note,
   * because a reload can change many weights.
   */
  reweighted(): void {
    this.#isReweighted = true
  }

  /**
   * Only candidates earn credit. An item that was away must not come back with many turns in a row. Its share
   * must go to all others by weight, not to the item that follows it.
   */
  pick(isCandidate: (item: Item) => boolean): Item | undefined {
    if (this.#isReweighted) for (const turn of this.#turns) turn.credit = 0
    this.#isReweighted = false
    let best: Turn<Item> | undefined
    let totalShare = 0
    for (const turn of this.#turns) {
      if (!isCandidate(turn.item)) continue
      turn.credit += turn.item.share
      totalShare += turn.item.share
      if (best === undefined || turn.credit > best.credit) best = turn
    }
    if (best !== undefined) best.credit -= totalShare
    return best?.item
  }
}
