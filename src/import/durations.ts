/** Times of other proxies, as a config of ours has them. Pure. */

const DAY_MS = 86_400_000
const UNITS_MS: ReadonlyMap<string, number> = new Map([
  ['us', 0.001],
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', DAY_MS],
  ['w', 7 * DAY_MS],
  ['M', 30 * DAY_MS],
  ['y', 365 * DAY_MS],
])
/** The longest time that a config of ours takes. */
const LONGEST_MS = 24 * DAY_MS

/** ms. `bare`: the unit of a number without one. Undefined: it is no time. nginx writes several parts, such as `1h 30m`. */
export function parseTime(text: string, bare: 'ms' | 's'): number | undefined {
  const parts = text.match(/\d+(?:us|ms|[smhdwMy])?/g)
  if (parts === null || parts.join('') !== text.replaceAll(' ', '')) return undefined
  let ms = 0
  for (const part of parts) {
    const unit = part.replace(/^\d+/, '') || bare
    const factor = UNITS_MS.get(unit)
    if (factor === undefined) return undefined
    ms += Number.parseInt(part, 10) * factor
  }
  return Math.min(LONGEST_MS, ms > 0 ? Math.max(1, Math.round(ms)) : 0)
}

/** The shortest text for a time. */
export function formatTime(ms: number): string | number {
  if (ms === 0) return 0
  const unit = ['d', 'h', 'm', 's'].find((each) => ms % UNITS_MS.get(each)! === 0) ?? 'ms'
  return `${ms / UNITS_MS.get(unit)!}${unit}`
}
