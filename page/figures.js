// @ts-check
/** Figures as people read them. Pure. */

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB', 'PB']

/** @param {number} amount */
export function bytes(amount) {
  let left = amount
  let unit = 0
  // From 999.5 on three digits would round it up to a fourth.
  for (; left >= 999.5 && unit < UNITS.length - 1; unit++) left /= 1000
  return unit === 0 ? `${Math.round(amount)} B` : `${left.toPrecision(3)} ${UNITS[unit]}`
}

/** @param {number} bytesPerSecond */
export const rate = (bytesPerSecond) => `${bytes(bytesPerSecond)}/s`

/**
 * Exact as long as there is room for it.
 * @param {number} number
 */
export function count(number) {
  if (number < 10_000_000) return String(number)
  return bytes(number).replace('B', '').trim()
}

/**
 * What a clock on the wall says.
 * @param {number} ms since 1970
 */
export const clock = (ms) => new Date(ms).toLocaleTimeString([], { hour12: false })

/** @param {number} ms */
export function time(ms) {
  const seconds = ms / 1000
  if (ms < 1000) return `${Math.round(ms)} ms`
  // From 59.95 on one decimal would round it up to 60.
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`
  if (seconds < 60) return '1 min 0 s'
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`
  return `${Math.floor(seconds / 86_400)} d ${Math.floor((seconds % 86_400) / 3600)} h`
}

/**
 * @param {number} part
 * @param {number} all
 */
export const share = (part, all) => (all > 0 ? `${Math.round((part / all) * 100)} %` : '–')

/**
 * The bound below which this share of what a histogram has seen lies, as text; what is above the last bound is.
 * @param {{ bounds: readonly number[], counts: readonly number[] }} histogram in seconds
 * @param {number} part 0 to 1
 */
export function quantile({ bounds, counts }, part) {
  const total = counts.reduce((sum, count) => sum + count, 0)
  if (total === 0) return '–'
  let seen = 0
  const index = counts.findIndex((count) => {
    seen += count
    return seen >= total * part
  })
  const bound = bounds[index]
  return bound === undefined ? `> ${time((bounds.at(-1) ?? 0) * 1000)}` : milliseconds(bound)
}

/** @param {number} seconds */
const milliseconds = (seconds) =>
  seconds < 1 ? `${Number((seconds * 1000).toPrecision(3))} ms` : time(seconds * 1000)
