/**
 * Least connections: the candidate with the fewest connections for its weight. HAProxy's formula (`leastconn`): a backend
 * without connections comes first whatever its weight. Otherwise the smallest (connections + 1) / weight wins, so a pick
 * is judged by what it leads to. Backends that are equal are picked in turn.
 */
import { type Balancer, type Candidate, openOf } from './balancer.js'

export class LeastConnections<Item extends Candidate> implements Balancer<Item> {
  readonly #items: readonly Item[]
  /** The search begins behind the last pick: this is the turn of equal backends. */
  #start = 0

  constructor(items: readonly Item[]) {
    this.#items = items
  }

  pick(isCandidate: (item: Item) => boolean): Item | undefined {
    const { length } = this.#items
    let best = -1
    let leastLoad = Number.POSITIVE_INFINITY
    for (let steps = 0; steps < length && leastLoad > 0; ++steps) {
      const index = (this.#start + steps) % length
      const item = this.#items[index]!
      if (!isCandidate(item)) continue
      const load = loadOf(item)
      if (load >= leastLoad) continue
      leastLoad = load
      best = index
    }
    if (best === -1) return undefined
    this.#start = best + 1
    return this.#items[best]
  }
}

function loadOf(item: Candidate): number {
  const open = openOf(item)
  return open === 0 ? 0 : (open + 1) / item.share
}
