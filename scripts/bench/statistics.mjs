// Medians, ratios of paired rounds, and how sure they are. Pure. It assumes nothing about the distribution.
// An interval lies between two of the sorted values (the sign test), and holds the true median with the given
// confidence.

const WANTED_CONFIDENCE = 0.95
/** The confidence of three rounds, from the least to the most. */
const LEAST_CONFIDENCE = 0.75

export function medianOf(values) {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/**
 * The median, with the narrowest interval that holds the true median with 95 % confidence. Fewer than six
 * values cannot give 95 %: the interval then goes from the least to the most. `confidence` is the confidence
 * of the interval.
 */
export function summarize(values) {
  const sorted = values.toSorted((a, b) => a - b)
  let dropped = 0
  while (confidenceOf(sorted.length, dropped + 1) >= WANTED_CONFIDENCE) ++dropped
  return {
    median: medianOf(sorted),
    low: sorted[dropped],
    high: sorted.at(-1 - dropped),
    confidence: confidenceOf(sorted.length, dropped),
  }
}

/** The confidence that a median lies within n sorted values, without `dropped` values at either end. */
export function confidenceOf(n, dropped) {
  if (2 * dropped >= n) return 0
  let outside = 0
  for (let k = 0, ways = 1; k <= dropped; ways = (ways * (n - k)) / (k + 1), ++k) outside += ways
  return 1 - 2 * outside * 0.5 ** n
}

/**
 * Ours divided by theirs, round by round, in rounds where both have a value, because the same minute is good
 * or bad for both. `ours` and `theirs` map rounds to values. Undefined: no round has both.
 */
export function ratioOfPairs(ours, theirs) {
  const ratios = [...ours].flatMap(([round, value]) => {
    const other = theirs.get(round)
    return other > 0 ? [value / other] : []
  })
  return ratios.length === 0 ? undefined : summarize(ratios)
}

/**
 * `met`: the whole interval keeps the limit. `missed`: all of it lies beyond. Otherwise `unclear`, as with
 * fewer than three rounds. More rounds can then decide.
 */
export function verdictOf({ low, high, confidence }, limit, better) {
  const keeps = (value) => (better === 'more' ? value >= limit : value <= limit)
  if (keeps(low) !== keeps(high) || confidence < LEAST_CONFIDENCE) return 'unclear'
  return keeps(low) ? 'met' : 'missed'
}
