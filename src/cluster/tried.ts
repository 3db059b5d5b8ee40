/** The backends that one attempt has tried in vain. When each has failed, those with a further address get another turn. Pure. */
import type { Backend } from './backend.js'

export class Tried {
  /** Those of the present round. */
  #backends: Backend[] = []
  #rounds = 1

  get backends(): readonly Backend[] {
    return this.#backends
  }

  add(backend: Backend): void {
    this.#backends.push(backend)
  }

  /** Returns false if no backend has a further address. */
  beginNextRound(): boolean {
    const exhausted = this.#backends.filter(({ endpoints }) => endpoints.turns <= this.#rounds)
    if (exhausted.length === this.#backends.length) return false
    this.#rounds += 1
    this.#backends = exhausted
    return true
  }
}
