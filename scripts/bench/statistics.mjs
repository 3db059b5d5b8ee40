// Medians, ratios of paired rounds and what can be said of them. Pure. Nothing is assumed of the distribution: an
// interval is between two of the sorted values (the sign test), and holds the true median with the confidence told.

const WANTED_CONFIDENCE = 0.95
/** Three rounds, from the least to the most. */
const LEAST_CONFIDENCE = 0.75

export function medianOf(values) {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/**
 * Median with the narrowest interval that holds the true one with 95 %; with fewer than six values that is not to
 * be had, and the interval is from the least to the most. `confidence` says what it is.
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

/** How sure it is that a median lies within n sorted values less `dropped` at either end. */
export function confidenceOf(n, dropped) {
  if (2 * dropped >= n) return 0
  let outside = 0
  for (let k = 0, ways = 1; k <= dropped; ways = (ways * (n - k)) / (k + 1), ++k) outside += ways
  return 1 - 2 * outside * 0.5 ** n
}

/**
 * Ours divided by theirs, round by round, where both have a value: the same minute is good or bad for both.
 * `ours` and `theirs` map rounds to values. Undefined where no round has both.
 */
export function ratioOfPairs(ours, theirs) {
  const ratios = [...ours].flatMap(([round, value]) => {
    const other = theirs.get(round)
    return other > 0 ? [value / other] : []
  })
  return ratios.length === 0 ? undefined : summarize(ratios)
}

/**
 * `met` when the whole interval keeps the limit, `missed` when all of it lies beyond, otherwise `unclear`, as with
 * fewer than three rounds: more of them can tell.
 */
export function verdictOf({ low, high, confidence }, limit, better) {
  const keeps = (value) => (better === 'more' ? value >= limit : value <= limit)
  if (keeps(low) !== keeps(high) || confidence < LEAST_CONFIDENCE) return 'unclear'
  return keeps(low) ? 'met' : 'missed'
}
