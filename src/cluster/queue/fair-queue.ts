/**
 * A queue that is fair between sources. Within a source the first to come is the first to be served. Sources have their turns
 * one after the other, so a source with a thousand clients delays a client of another source by one turn. If the queue is full,
 * it says who leaves for somebody new. It knows nothing of what its items wait for. Pure.
 */
import { OrderedItems } from './ordered-items.js'

export interface Queued {
  /** Who it comes from. Items of one source share the turns of that source. */
  readonly source: string
}

/** `takes`: it takes what is offered, and leaves the queue. `passes`: the next one is asked. `stops`: nobody is asked any more. */
export type OfferAnswer = 'takes' | 'passes' | 'stops'

export class FairQueue<Item extends Queued> {
  /** The source whose turn is next comes first. Each has an item. */
  readonly #sources = new Map<string, OrderedItems<Item>>()
  /** The sources by how many items they have. Each number has a source. */
  readonly #byCount = new Map<number, OrderedItems<OrderedItems<Item>>>()
  /** How many items the source has that has most. */
  #most = 0
  #length = 0

  get length(): number {
    return this.#length
  }

  /** A source that has nobody in the queue has its turn after all others. */
  add(item: Item): void {
    const items = this.#sources.get(item.source) ?? new OrderedItems<Item>()
    items.add(item)
    if (items.size === 1) this.#sources.set(item.source, items)
    this.#recount(items, items.size - 1)
    this.#length += 1
  }

  /** Returns whether it was in the queue. */
  delete(item: Item): boolean {
    const items = this.#sources.get(item.source)
    if (items?.delete(item) !== true) return false
    if (items.size === 0) this.#sources.delete(item.source)
    this.#recount(items, items.size + 1)
    this.#length -= 1
    return true
  }

  /**
   * The item that leaves a full queue for a new one of this source: the newest item of a source that has most. Undefined: none
   * leaves, because this source would then have as many as that one has now.
   */
  leavesFor(source: string): Item | undefined {
    const own = this.#sources.get(source)?.size ?? 0
    if (own + 1 >= this.#most) return undefined
    return this.#byCount.get(this.#most)!.newest!.newest
  }

  /** The items that came first of their sources. The one that waits longest is among them. */
  *first(): Generator<Item> {
    for (const items of this.#sources.values()) yield items.values().next().value!
  }

  /** All items in the order of their turns: the first of each source, then the second of each source, and so on. */
  *inTurn(): Generator<Item> {
    yield* this.first()
    let sources = Array.from(this.#sources.values(), (items) => items.values())
    for (const items of sources) items.next()
    while (sources.length > 0) {
      const more: typeof sources = []
      for (const items of sources) {
        const { value, done } = items.next()
        if (done === true) continue
        yield value
        more.push(items)
      }
      sources = more
    }
  }

  /**
   * Offers one thing to the items in the order of their turns. Returns the item that takes it. That item has left the queue, and
   * its source has its next turn after all others. Undefined: nobody takes it.
   */
  offer(answerOf: (item: Item) => OfferAnswer): Item | undefined {
    for (const item of this.inTurn()) {
      const answer = answerOf(item)
      if (answer === 'stops') return undefined
      if (answer === 'passes') continue
      this.#served(item)
      return item
    }
    return undefined
  }

  /** A source had `before` items until now: one more, or one less. */
  #recount(items: OrderedItems<Item>, before: number): void {
    const { size } = items
    const equals = this.#byCount.get(before)
    equals?.delete(items)
    if (equals?.size === 0) this.#byCount.delete(before)
    if (size > 0) this.#withCount(size).add(items)
    if (size > this.#most || !this.#byCount.has(this.#most)) this.#most = size
  }

  #withCount(count: number): OrderedItems<OrderedItems<Item>> {
    const sources = this.#byCount.get(count) ?? new OrderedItems<OrderedItems<Item>>()
    this.#byCount.set(count, sources)
    return sources
  }

  #served(item: Item): void {
    const items = this.#sources.get(item.source)
    this.delete(item)
    if (items === undefined || items.size === 0) return
    this.#sources.delete(item.source)
    this.#sources.set(item.source, items)
  }
}
