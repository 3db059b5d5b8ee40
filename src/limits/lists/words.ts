/** The words of a line. `#` at the beginning of a word begins a comment. Pure. */

export interface Word {
  readonly text: string
  /** Counts characters from 1. */
  readonly column: number
}

const WORD = /[^\s]+/g
/** A longer text is cut in messages. */
const MOST_SHOWN_CHARS = 60

/** At most `most` words, and none of a comment. */
export function wordsOf(line: string, most: number): Word[] {
  const words: Word[] = []
  for (const { 0: text, index } of line.matchAll(WORD)) {
    if (words.length === most || text.startsWith('#')) break
    words.push({ text, column: index + 1 })
  }
  return words
}

/** The text as a message shows it. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > MOST_SHOWN_CHARS ? `${text.slice(0, MOST_SHOWN_CHARS)}…` : text)
}
