/** The lines of a list of addresses: `10.0.0.0/8`, `!10.1.2.3` for an exception, then any text. Pure. */
import { AddressSet } from '../../address-set.js'
import type { BadLine, Builder } from './content.js'
import { quoted, wordsOf } from './words.js'

/** About 70 MB of IPv6 networks, or 20 MB of IPv4 networks, in each process. */
export const MOST_ADDRESSES = 500_000

export class AddressLines implements Builder<AddressSet> {
  readonly content = new AddressSet()
  entries = 0
  readonly mostEntries = MOST_ADDRESSES

  add(line: string): BadLine | undefined {
    const [word] = wordsOf(line, 1)
    if (word === undefined) return undefined
    const message = addEntry(this.content, word.text)
    if (message !== undefined) return { column: word.column, message: `${quoted(word.text)}: ${message}` }
    this.entries++
    return undefined
  }
}

/** Returns what is wrong with the entry. */
export function addEntry(set: AddressSet, entry: string): string | undefined {
  return entry.startsWith('!') ? set.add(entry.slice(1), -1) : set.add(entry)
}
