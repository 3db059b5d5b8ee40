/**
 * "Did you mean …?" for keys and names. Pure. It suggests only a close candidate, because a wild guess helps
 * nobody.
 */
import { MOST_CANDIDATES, nearestOf } from '../nearest.js'
import { quote, shorten } from './wording.js'

/** Room for the longest list, the keys of a listener. */
const LONGEST_LIST_CHARS = 360

/** `; did you mean "x"?` with the candidate nearest to `word`. Empty: none is near. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const nearest = nearestOf(word, candidates)
  return nearest === undefined ? '' : `; did you mean ${quote(nearest)}?`
}

/** The same. If none is near, it lists all candidates, as far as they fit on a line. */
export function oneOf(word: string, candidates: readonly string[]): string {
  const suggestion = didYouMean(word, candidates)
  if (suggestion !== '') return suggestion
  const list = candidates.slice(0, MOST_CANDIDATES).map(quote).join(', ')
  return `: write one of ${shorten(list, LONGEST_LIST_CHARS)}`
}
