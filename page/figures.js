// @ts-check
/** Figures as this page alone shows them. Pure. */
import { NOTHING, time } from '/assets/dist/figures.js'

/**
 * What a clock on the wall says.
 * @param {number} ms since 1970
 */
export const clock = (ms) => new Date(ms).toLocaleTimeString([], { hour12: false })

/**
 * The bound below which this share of what a histogram has seen lies, as text; what is above the last bound is.
 * @param {{ bounds: readonly number[], counts: readonly number[] }} histogram in seconds
 * @param {number} part 0 to 1
 */
export function quantile({ bounds, counts }, part) {
  const total = counts.reduce((sum, count) => sum + count, 0)
  if (total === 0) return NOTHING
  let seen = 0
  const index = counts.findIndex((count) => {
    seen += count
    return seen >= total * part
  })
  const bound = bounds[index]
  return bound === undefined ? `> ${time((bounds.at(-1) ?? 0) * 1000)}` : time(bound * 1000)
}
