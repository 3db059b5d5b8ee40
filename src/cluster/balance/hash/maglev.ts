/**
 * Maglev's table (Eisenbud and others 2016, section 3.4): each backend has an order of its own over all slots, and the
 * backends take a free slot in turn, those of a greater weight more often. A look-up costs the same for any number of
 * backends. The table does not depend on the order of the backends in the config.
 */
import type { Candidate } from '../balancer.js'
import { KeyHash } from './key-hash.js'

/** A prime, as Envoy has it. It never depends on the number of backends: another size would move almost every key. */
const SLOTS = 65_537
const TWO_32_MODULO_SLOTS = 2 ** 32 % SLOTS
const FREE = 0xffff_ffff

export class Maglev<Item extends Candidate> {
  readonly #items: readonly Item[]
  readonly #slots: Uint32Array

  constructor(items: readonly Item[]) {
    this.#items = items.filter(({ weight }) => weight > 0).sort(byName)
    this.#slots = fill(this.#items)
  }

  /** The backend that the table has for this key, whether it is a candidate or not. */
  at(key: KeyHash): Item | undefined {
    return this.#items[this.#slots[slotOf(key)]!]
  }
}

/** The 64 bits of a hash, modulo the number of slots. */
const slotOf = ({ a, b }: KeyHash): number => (((a >>> 0) % SLOTS) * TWO_32_MODULO_SLOTS + (b >>> 0)) % SLOTS

const byName = (one: Candidate, other: Candidate): number =>
  one.name < other.name ? -1 : Number(one.name > other.name)

interface Walk {
  readonly weight: number
  readonly skip: number
  slot: number
  /** It takes a slot when the turn, counted by weight, has come so far. */
  due: number
}

function fill(items: readonly Candidate[]): Uint32Array {
  const slots = new Uint32Array(SLOTS).fill(FREE)
  const walks = items.map(walkOf)
  const largest = items.reduce((most, { weight }) => Math.max(most, weight), 0)
  let free = walks.length === 0 ? 0 : SLOTS
  for (let turn = 1; free > 0; ++turn) {
    for (let index = 0; index < walks.length && free > 0; ++index) {
      const walk = walks[index]!
      if (turn * walk.weight < walk.due) continue
      walk.due += largest
      slots[takeFree(slots, walk)] = index
      free -= 1
    }
  }
  return slots
}

function walkOf({ name, weight }: Candidate): Walk {
  const { a, b } = new KeyHash().ofText(name)
  return { weight, slot: (a >>> 0) % SLOTS, skip: ((b >>> 0) % (SLOTS - 1)) + 1, due: 0 }
}

function takeFree(slots: Uint32Array, walk: Walk): number {
  while (slots[walk.slot] !== FREE) walk.slot = (walk.slot + walk.skip) % SLOTS
  return walk.slot
}
