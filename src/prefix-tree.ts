/**
 * Prefixes of addresses. It finds the longest one that an address begins with. A binary radix tree with compressed paths, in
 * typed arrays: a prefix costs at most two nodes, and a look-up passes at most one node for each bit of the address. Pure.
 */

/** IPv4 has one word of 32 bits, IPv6 has four. The first bit of an address is the highest bit of word 0. */
export type Words = Uint32Array

/** `1`: addresses with this prefix are in. `-1`: they are an exception. */
export type Mark = 1 | -1

const FIRST_NODES = 8
const WORD_BITS = 32

export class PrefixTree {
  readonly #words: number
  /** Node 0 stands for "none". Its first child is the root. */
  #nodes = 1
  /** By node: the bits of its prefix, those behind the prefix included. */
  #keys: Words
  /** By node: the length of its prefix. */
  #lengths = new Uint8Array(FIRST_NODES)
  /** By node: 0 if no entry ends here. */
  #marks = new Int8Array(FIRST_NODES)
  /** Two for each node, by its next bit. */
  #children: Uint32Array = new Uint32Array(2 * FIRST_NODES)

  /** `words`: of an address. */
  constructor(words: 1 | 4) {
    this.#words = words
    this.#keys = new Uint32Array(words * FIRST_NODES)
  }

  /** Bits of `key` behind `length` do not count. If the prefix is here already, an exception stays one. */
  add(key: Words, length: number, mark: Mark): void {
    const slot = this.#slotFor(key, length)
    this.#place(slot, this.#withEntry(this.#children[slot]!, key, length, mark))
  }

  /**
   * 0: no prefix matches. Else the length of the longest one that does, plus 1. Negative if that one is an exception.
   */
  longest(key: Words): number {
    let found = 0
    let node = this.#children[0]!
    while (node !== 0) {
      const length = this.#lengths[node]!
      if (this.#common(node, key, length) < length) break
      const mark = this.#marks[node]!
      if (mark !== 0) found = mark * (length + 1)
      if (length === this.#words * WORD_BITS) break
      node = this.#children[2 * node + bitOf(key, length)]!
    }
    return found
  }

  /** The slot of the first node that is not a shorter prefix of `key`. */
  #slotFor(key: Words, length: number): number {
    let slot = 0
    let node = this.#children[0]!
    while (node !== 0) {
      const its = this.#lengths[node]!
      if (its >= length || this.#common(node, key, its) < its) return slot
      slot = 2 * node + bitOf(key, its)
      node = this.#children[slot]!
    }
    return slot
  }

  /** What stands in the place of `node` with the entry: a new leaf, the node itself, or a branch above it. */
  #withEntry(node: number, key: Words, length: number, mark: Mark): number {
    if (node === 0) return this.#create(key, length, mark)
    const its = this.#lengths[node]!
    const common = this.#common(node, key, Math.min(its, length))
    if (common < its) return this.#branch(node, common, key, length, mark)
    this.#marks[node] = this.#marks[node] === -1 ? -1 : mark
    return node
  }

  /** A node in the place of `node`, which becomes its child. */
  #branch(node: number, common: number, key: Words, length: number, mark: Mark): number {
    const branch = this.#create(key, common, common === length ? mark : 0)
    this.#place(2 * branch + this.#bitOfNode(node, common), node)
    if (common < length) this.#place(2 * branch + bitOf(key, common), this.#create(key, length, mark))
    return branch
  }

  #place(slot: number, node: number): void {
    this.#children[slot] = node
  }

  #create(key: Words, length: number, mark: Mark | 0): number {
    if (this.#nodes === this.#lengths.length) this.#grow()
    const node = this.#nodes++
    this.#keys.set(key, this.#words * node)
    this.#lengths[node] = length
    this.#marks[node] = mark
    return node
  }

  #grow(): void {
    const nodes = 2 * this.#nodes
    this.#keys = copied(this.#keys, new Uint32Array(this.#words * nodes))
    this.#children = copied(this.#children, new Uint32Array(2 * nodes))
    this.#lengths = copied(this.#lengths, new Uint8Array(nodes))
    this.#marks = copied(this.#marks, new Int8Array(nodes))
  }

  /** How many of the first `most` bits are the same. */
  #common(node: number, key: Words, most: number): number {
    for (let word = 0; WORD_BITS * word < most; word++) {
      const same = Math.clz32(this.#keys[this.#words * node + word]! ^ key[word]!)
      if (same < WORD_BITS) return Math.min(WORD_BITS * word + same, most)
    }
    return most
  }

  #bitOfNode(node: number, index: number): number {
    const word = this.#keys[this.#words * node + (index >>> 5)]!
    return (word >>> (31 - (index & 31))) & 1
  }
}

const bitOf = (key: Words, index: number): number => (key[index >>> 5]! >>> (31 - (index & 31))) & 1

function copied<Values extends { set(from: Values): void }>(from: Values, to: Values): Values {
  to.set(from)
  return to
}
