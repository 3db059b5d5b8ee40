// @ts-check
/** Figures that only this page shows. Pure. */
import { NOTHING, time } from '/assets/dist/figures.js'

/**
 * The local time of day, such as `19:05:01`.
 * @param {number} ms since 1970
 */
export const clock = (ms) => new Date(ms).toLocaleTimeString([], { hour12: false })

/** @typedef {{ bounds: readonly number[], counts: readonly number[] }} Histogram in seconds */

/**
 * The least bound of a histogram with at least this share of the values below it, as text. `> 10s`: above the last bound.
 * @param {Histogram} histogram
 * @param {number} part 0 to 1
 */
export function quantile({ bounds, counts }, part) {
  const index = quantileIndex({ bounds, counts }, part)
  if (index < 0) return NOTHING
  const bound = bounds[index]
  return bound === undefined ? `> ${time((bounds.at(-1) ?? 0) * 1000)}` : time(bound * 1000)
}

/**
 * The index of this bound. -1: there are no values.
 * @param {Histogram} histogram
 * @param {number} part 0 to 1
 */
export function quantileIndex({ counts }, part) {
  const total = counts.reduce((sum, count) => sum + count, 0)
  if (total === 0) return -1
  let seen = 0
  return counts.findIndex((count) => {
    seen += count
    return seen >= total * part
  })
}
