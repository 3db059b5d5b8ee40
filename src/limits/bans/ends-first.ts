/**
 * Things that end, so that the one that ends first is at hand: a binary heap. Adding and deleting take O(log n). Pure.
 */

export interface EndsOnce {
  /** When it ends. It must not change while it is in the heap. */
  readonly until: number
  /** Index in its heap. Only the heap writes it. Starts as -1. */
  heapIndex: number
}

export class EndsFirst<Item extends EndsOnce> {
  readonly #items: Item[] = []

  get size(): number {
    return this.#items.length
  }

  get first(): Item | undefined {
    return this.#items[0]
  }

  add(item: Item): void {
    this.#items.push(item)
    this.#rise(item, this.#items.length - 1)
  }

  delete(item: Item): void {
    const { heapIndex } = item
    if (this.#items[heapIndex] !== item) return
    const last = this.#items.pop()!
    item.heapIndex = -1
    if (last === item) return
    this.#rise(last, heapIndex)
    this.#sink(last, last.heapIndex)
  }

  /** Moves the item from this index towards the first one. */
  #rise(item: Item, from: number): void {
    let index = from
    while (index > 0) {
      const above = (index - 1) >> 1
      if (this.#items[above]!.until <= item.until) break
      this.#set(this.#items[above]!, index)
      index = above
    }
    this.#set(item, index)
  }

  #sink(item: Item, from: number): void {
    let index = from
    for (;;) {
      const below = this.#earlierBelow(index)
      if (below === undefined || this.#items[below]!.until >= item.until) break
      this.#set(this.#items[below]!, index)
      index = below
    }
    this.#set(item, index)
  }

  #earlierBelow(index: number): number | undefined {
    const [left, right] = [2 * index + 1, 2 * index + 2]
    const { length } = this.#items
    if (left >= length) return undefined
    return right < length && this.#items[right]!.until < this.#items[left]!.until ? right : left
  }

  #set(item: Item, index: number): void {
    this.#items[index] = item
    item.heapIndex = index
  }
}
