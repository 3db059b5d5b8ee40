/**
 * The network between the kernel and its peers. It decides which bytes arrive when, and how connects end. It keeps the
 * order of what was sent on one way of one connection, and no other order.
 */
import type { Random } from '../random.js'
import type { OneWay } from './one-way.js'

/** A connect without an answer. `settle` answers it, and returns false if nobody answers yet. */
export interface Pending {
  settle(): boolean
}

export class Network {
  readonly #ways: OneWay[] = []
  readonly #pending = new Set<Pending>()

  add(way: OneWay): void {
    this.#ways.push(way)
  }

  ask(pending: Pending): void {
    this.#pending.add(pending)
  }

  withdraw(pending: Pending): void {
    this.#pending.delete(pending)
  }

  /** Perhaps something arrives somewhere. */
  stir(random: Random): void {
    do this.#stirOnce(random)
    while (random.chance(0.3))
  }

  #stirOnce(random: Random): void {
    if (this.#pending.size > 0 && random.chance(0.3)) {
      this.#settle(random.pick([...this.#pending]))
      return
    }
    const ways = this.#ways.filter(({ isUnderWay }) => isUnderWay)
    if (ways.length > 0)
      random.pick(ways).arrive(random.chance(0.3) ? Number.MAX_SAFE_INTEGER : random.size(65_536))
  }

  /** Everything arrives for which there is room. Returns whether anything did. */
  bringAll(): boolean {
    let hasMoved = false
    for (const pending of this.#pending) hasMoved = this.#settle(pending) || hasMoved
    for (const way of this.#ways) while (way.arrive(Number.MAX_SAFE_INTEGER)) hasMoved = true
    return hasMoved
  }

  #settle(pending: Pending): boolean {
    if (!pending.settle()) return false
    this.#pending.delete(pending)
    return true
  }
}
