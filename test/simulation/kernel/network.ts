/**
 * What is between the kernel and everybody else: which bytes arrive when, and how connects end. It brings things in the
 * order they were sent on one way of one connection, and in any order otherwise.
 */
import type { Random } from '../random.js'
import type { OneWay } from './one-way.js'

/** A connect that has not been answered. `settle` answers it; false: nobody will. */
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

  /** Something arrives somewhere, or nothing. */
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

  /** Everything arrives for which there is room. Whether anything did. */
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
