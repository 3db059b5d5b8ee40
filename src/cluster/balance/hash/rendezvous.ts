/**
 * Rendezvous hashing (highest random weight, Thaler and Ravishankar 1998): each backend draws a number for the key, and
 * the best one gets the connection. The score -share / ln(draw) makes the probability of a backend its share (Schindelhauer
 * and Schomaker 2005). A backend that leaves moves only its own keys, and they spread over all others.
 */
import type { Candidate } from '../balancer.js'
import { drawFor, KeyHash } from './key-hash.js'

export class Rendezvous<Item extends Candidate> {
  readonly #items: readonly Item[]
  /** Hashes of the names, two per backend. */
  readonly #nodes: Int32Array

  constructor(items: readonly Item[]) {
    this.#items = items
    this.#nodes = new Int32Array(items.length * 2)
    const hash = new KeyHash()
    for (const [index, { name }] of items.entries()) {
      hash.ofText(name)
      this.#nodes[index * 2] = hash.a
      this.#nodes[index * 2 + 1] = hash.b
    }
  }

  /** The place of `item` in the order of this key, from 1. */
  placeOf(key: KeyHash, item: Item): number {
    let place = 1
    const score = this.#score(key, this.#items.indexOf(item))
    for (let index = 0; index < this.#items.length; ++index) {
      if (this.#score(key, index) > score) place += 1
    }
    return place
  }

  /** The best of the candidates for this key. */
  best(key: KeyHash, isCandidate: (item: Item) => boolean): Item | undefined {
    let best: Item | undefined
    let highest = 0
    for (let index = 0; index < this.#items.length; ++index) {
      const item = this.#items[index]!
      if (!isCandidate(item)) continue
      const score = this.#score(key, index)
      if (score <= highest) continue
      highest = score
      best = item
    }
    return best
  }

  #score(key: KeyHash, index: number): number {
    const draw = drawFor(key, this.#nodes[index * 2]!, this.#nodes[index * 2 + 1]!)
    return -this.#items[index]!.share / Math.log(draw)
  }
}
