/** The tree of prefixes: it finds the longest prefix of an address, as a search through all of them does. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Mark, PrefixTree } from '../src/prefix-tree.js'
import { Random } from './simulation/random.js'

interface Prefix {
  readonly key: Uint32Array
  readonly length: number
  readonly mark: Mark
}

const bitsOf = (key: Uint32Array): string =>
  Array.from(key, (word) => word.toString(2).padStart(32, '0')).join('')

/** Looks for the address in a table of each length, the longest first. */
class Tables {
  readonly #marks = new Map<string, Mark>()
  readonly #lengths: number[]

  constructor(prefixes: readonly Prefix[]) {
    for (const { key, length, mark } of prefixes) {
      const text = bitsOf(key).slice(0, length)
      this.#marks.set(text, this.#marks.get(text) === -1 ? -1 : mark)
    }
    this.#lengths = [...new Set(prefixes.map(({ length }) => length))].sort((a, b) => b - a)
  }

  longest(key: Uint32Array): number {
    const bits = bitsOf(key)
    const length = this.#lengths.find((each) => this.#marks.has(bits.slice(0, each)))
    return length === undefined ? 0 : this.#marks.get(bits.slice(0, length))! * (length + 1)
  }
}

function treeOf(words: 1 | 4, prefixes: readonly Prefix[]): PrefixTree {
  const tree = new PrefixTree(words)
  for (const { key, length, mark } of prefixes) tree.add(key, length, mark)
  return tree
}

describe('a tree of prefixes', () => {
  it.each([
    ['IPv4', 1],
    ['IPv6', 4],
  ] as const)(
    'a tree of 100,000 prefixes of %s finds the longest one, as tables of each length do',
    (_, words) => {
      const random = new Random(20)
      const keys = [new Uint32Array(words)]
      // Half of the networks begin like one that is there, so that prefixes are nested.
      const nextKey = (): Uint32Array => {
        const bits = random.pick(keys)
        const same = random.chance(0.5) ? random.int(0, words * 32) : 0
        const key = bits.map((word, index) => {
          const kept = Math.min(Math.max(same - 32 * index, 0), 32)
          const mask = kept === 0 ? 0 : 0xffffffff << (32 - kept)
          return (word & mask) | (random.next() & ~mask)
        })
        keys.push(key)
        return key
      }
      const prefixes = Array.from({ length: 100_000 }, (): Prefix => {
        const length = random.int(0, words * 32)
        return { key: nextKey(), length, mark: random.chance(0.25) ? -1 : 1 }
      })
      const tree = treeOf(words, prefixes)
      const tables = new Tables(prefixes)
      const asked = Array.from({ length: 1000 }, nextKey)
      expect(asked.map((key) => tree.longest(key))).toEqual(asked.map((key) => tables.longest(key)))
    },
  )

  it('a tree of prefixes answers as a table does, whatever is added in whatever order', () => {
    // Few different bits, so that many prefixes are equal or nested.
    const key = fc.array(fc.constantFrom(0, 1, 0x80000000, 0xffffffff, 0xc0000000), {
      minLength: 4,
      maxLength: 4,
    })
    const prefix = fc.record({
      key: key.map((words) => Uint32Array.from(words)),
      length: fc.integer({ min: 0, max: 128 }),
      mark: fc.constantFrom<Mark>(1, -1),
    })
    fc.assert(
      fc.property(fc.array(prefix), fc.array(key), (prefixes, asked) => {
        const tree = treeOf(4, prefixes)
        const tables = new Tables(prefixes)
        for (const words of [
          ...asked.map((each) => Uint32Array.from(each)),
          ...prefixes.map((each) => each.key),
        ])
          expect(tree.longest(words)).toBe(tables.longest(words))
      }),
    )
  })

  it('an empty tree of prefixes finds nothing', () => {
    expect(new PrefixTree(1).longest(Uint32Array.of(0))).toBe(0)
  })
})
