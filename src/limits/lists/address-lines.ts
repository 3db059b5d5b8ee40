/** The lines of a list of addresses: `10.0.0.0/8`, `!10.1.2.3` for an exception, then any text. Pure. */
import { AddressSet, explainNetwork } from '../../address-set.js'
import type { BadLine, Builder } from './content.js'
import { quoted, type Word, wordsOf } from './words.js'

/** About 70 MB of IPv6 networks, or 20 MB of IPv4 networks, in each process. */
export const MOST_ADDRESSES = 500_000

/** The entry, and as much of the note as can be a second address by mistake. */
const MOST_WORDS = 3

export class AddressLines implements Builder<AddressSet> {
  readonly content = new AddressSet()
  entries = 0
  readonly mostEntries = MOST_ADDRESSES

  add(line: string): BadLine | undefined {
    const [word, ...note] = wordsOf(line, MOST_WORDS)
    if (word === undefined) return undefined
    const other = secondIn(note)
    if (other !== undefined)
      return {
        column: other.column,
        message: `${quoted(other.text)} is a second address in this line: write each in a line of its own, and a range as networks`,
      }
    const message = addEntry(this.content, word.text)
    if (message !== undefined) return { column: word.column, message: `${quoted(word.text)}: ${message}` }
    this.entries++
    return undefined
  }
}

/** As a note it would go unnoticed that it is not in the list. Files with ranges write the last address behind the first one. */
function secondIn([next, last]: readonly Word[]): Word | undefined {
  const other = next?.text === '-' ? last : next
  return other !== undefined && explainNetwork(other.text.replace(/^!/, '')) === undefined ? other : undefined
}

/** Returns what is wrong with the entry. */
export function addEntry(set: AddressSet, entry: string): string | undefined {
  return entry.startsWith('!') ? set.add(entry.slice(1), -1) : set.add(entry)
}
