/** The first candidate in the order of the config, whatever its weight. The next one gets connections when it is none. */
import type { Balancer } from './balancer.js'

export class First<Item> implements Balancer<Item> {
  readonly #items: readonly Item[]

  constructor(items: readonly Item[]) {
    this.#items = items
  }

  pick(isCandidate: (item: Item) => boolean): Item | undefined {
    return this.#items.find(isCandidate)
  }
}
