/**
 * Smooth weighted round robin: whose turn it is. Over one cycle everybody gets exactly their weight, spread
 * out rather than in a row. It knows nothing of health: who may be picked, and each one's weight, is said anew each
 * time. Pure.
 */

interface Turn<T> {
  readonly item: T
  /** What is owed to the item. Grows by its weight at each pick it stands for, shrinks when it is picked. */
  credit: number
}

export class RoundRobin<T extends { readonly weight: number }> {
  readonly #turns: readonly Turn<T>[]

  constructor(items: readonly T[]) {
    this.#turns = items.map((item) => ({ item, credit: 0 }))
  }

  /**
   * Picks among the items that are candidates, or answers undefined when none is. Asked again without those
   * already picked, it yields all candidates in order of preference.
   *
   * Only candidates earn credit: an item that was away must not come back to a pile of turns, and its share
   * must go to all the others by weight rather than to whoever follows it.
   */
  pick(isCandidate: (item: T) => boolean): T | undefined {
    let best: Turn<T> | undefined
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
