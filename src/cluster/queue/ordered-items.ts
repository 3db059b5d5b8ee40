/**
 * Items in the order in which they came. Each step costs the same, however many items there are: a Set would have to look at all
 * of them for the newest one. Pure.
 */
interface Neighbours<Item> {
  older: Item | undefined
  newer: Item | undefined
}

export class OrderedItems<Item extends object> {
  /** The oldest item comes first. */
  readonly #neighbours = new Map<Item, Neighbours<Item>>()
  #newest: Item | undefined

  get size(): number {
    return this.#neighbours.size
  }

  get newest(): Item | undefined {
    return this.#newest
  }

  add(item: Item): void {
    const older = this.#newest
    if (older !== undefined) this.#neighbours.get(older)!.newer = item
    this.#neighbours.set(item, { older, newer: undefined })
    this.#newest = item
  }

  /** Returns whether it was there. */
  delete(item: Item): boolean {
    const neighbours = this.#neighbours.get(item)
    if (neighbours === undefined) return false
    this.#neighbours.delete(item)
    const { older, newer } = neighbours
    if (older !== undefined) this.#neighbours.get(older)!.newer = newer
    if (newer === undefined) this.#newest = older
    else this.#neighbours.get(newer)!.older = older
    return true
  }

  /** The oldest item comes first. */
  values(): IterableIterator<Item> {
    return this.#neighbours.keys()
  }
}
