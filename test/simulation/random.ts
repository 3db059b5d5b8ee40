/** Choices from a seed (mulberry32). The same seed makes the same choices. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed | 0
  }

  /** A whole number from 0 to 2³² - 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return (t ^ (t >>> 14)) >>> 0
  }

  /** A whole number from `least` to `most`, both included. */
  int(least: number, most: number): number {
    return least + (this.next() % (most - least + 1))
  }

  /** True in `part` of all cases. 0 means never, 1 always. */
  chance(part: number): boolean {
    return this.next() < part * 2 ** 32
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.int(0, items.length - 1)]!
  }

  /** Returns one of the items, each as often as its weight says. */
  weighted<Item>(items: readonly Item[], weightOf: (item: Item) => number): Item {
    const all = items.reduce((sum, item) => sum + weightOf(item), 0)
    let at = (this.next() / 2 ** 32) * all
    for (const item of items) {
      at -= weightOf(item)
      if (at < 0) return item
    }
    return items.at(-1)!
  }

  /** A whole number from 1 to `most`. Each power of two is about as likely as the next, so small numbers are frequent. */
  size(most: number): number {
    const top = 2 ** this.int(0, Math.floor(Math.log2(most)))
    return Math.min(most, this.int(Math.ceil(top / 2), top))
  }
}
