/**
 * The word that somebody probably meant. Pure. It finds only a near one, because a wild guess helps nobody.
 */

/** Longer words are not compared, because the work grows with the product of the lengths. */
const LONGEST_WORD_CHARS = 64
/** Candidates after these are ignored: thousands of unknown names among thousands would take minutes. */
export const MOST_CANDIDATES = 200

/**
 * The candidate that begins with `word`, or else the nearest one. That one may differ in a third of the
 * letters of `word`, and always in one. Undefined: none is near.
 */
export function nearestOf(word: string, candidates: readonly string[]): string | undefined {
  if (word.length > LONGEST_WORD_CHARS) return undefined
  const some = candidates.slice(0, MOST_CANDIDATES)
  const whole = word.length < 3 ? undefined : some.find((candidate) => candidate.startsWith(word))
  if (whole !== undefined) return whole
  let best: string | undefined
  let bestEdits = Math.max(1, Math.floor(word.length / 3)) + 1
  for (const candidate of some) {
    if (Math.abs(candidate.length - word.length) >= bestEdits) continue
    const edits = countEdits(word.toLowerCase(), candidate.toLowerCase())
    if (edits < bestEdits) [best, bestEdits] = [candidate, edits]
  }
  return best
}

/** Levenshtein's distance, one row at a time. */
function countEdits(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let i = 1; i <= from.length; i++) {
    const next = [i]
    for (let j = 1; j <= to.length; j++) {
      const replaced = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[to.length]!
}
