/**
 * Least connections: the candidate with the fewest connections for its weight. HAProxy's formula (`leastconn`): a backend
 * without connections comes first whatever its weight. Otherwise the smallest (connections + 1) / weight wins, so a pick
 * is judged by what it leads to. Backends that are equal are picked in turn.
 */
import { type Balancer, type Candidate, openOf } from './balancer.js'
import type { Random } from './weighted-draw.js'

export class LeastConnections<Item extends Candidate> implements Balancer<Item> {
  readonly #items: readonly Item[]
  readonly #random: Random
  /** The search begins behind the last pick: this is the turn of equal backends. */
  #start: number

  /** The first turn is drawn, or all workers would begin with the same backend. */
  constructor(items: readonly Item[], random: Random = Math.random) {
    this.#items = items
    this.#random = random
    this.#start = Math.floor(random() * items.length)
  }

  pick(isCandidate: (item: Item) => boolean): Item | undefined {
    const best = this.#search(isCandidate, false)
    if (best === -1) return undefined
    const other = this.#isHeldBack(this.#items[best]!) ? this.#search(isCandidate, true) : -1
    const index = other === -1 ? best : other
    this.#start = index + 1
    return this.#items[index]
  }

  /**
   * A backend that starts slowly has few connections, so it would be picked each time. Of the picks that are its own it
   * gets the part that it has of its weight.
   */
  #isHeldBack({ share, weight }: Item): boolean {
    return share < weight && this.#random() * weight >= share
  }

  /** The index of the best candidate, or -1. `isFull`: only among those that have their full share. */
  #search(isCandidate: (item: Item) => boolean, isFull: boolean): number {
    const { length } = this.#items
    let best = -1
    let leastLoad = Number.POSITIVE_INFINITY
    for (let steps = 0; steps < length && leastLoad > 0; ++steps) {
      const index = (this.#start + steps) % length
      const item = this.#items[index]!
      if (!isCandidate(item) || (isFull && item.share < item.weight)) continue
      const load = loadOf(item)
      if (load >= leastLoad) continue
      leastLoad = load
      best = index
    }
    return best
  }
}

function loadOf(item: Candidate): number {
  const open = openOf(item)
  return open === 0 ? 0 : (open + 1) / item.weight
}
