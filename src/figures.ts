/**
 * Figures as people read them: in the command, in the live line and on the status page. Pure. The page
 * imports this file, so it imports nothing.
 */
const BYTE_UNITS = ['B', 'KB', 'MB', 'GB', 'TB', 'PB']
const TIMES: readonly (readonly [unit: string, ms: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
]

/** 1500 → `1.50 KB`. In powers of 1000. */
export function bytes(amount: number): string {
  let left = amount
  let unit = 0
  // Three digits would round 999.5 up to 1000, which has four.
  for (; left >= 999.5 && unit < BYTE_UNITS.length - 1; unit++) left /= 1000
  return unit === 0 ? `${Math.round(amount)} B` : `${left.toPrecision(3)} ${BYTE_UNITS[unit]}`
}

/** Exact below ten million: `9999999`. Rounded from there on: `10.0 M`. */
export function count(amount: number): string {
  return amount < 10_000_000 ? String(amount) : bytes(amount).slice(0, -1)
}

/** Times per second: `0.5`. */
export const frequency = (perSecond: number): string => perSecond.toFixed(1)

export const rate = (bytesPerSecond: number): string => `${bytes(bytesPerSecond)}/s`

/**
 * The two largest units, as the config writes them: `1d 3h`, `4m 5s`, `12.3s`, `45ms`, `0.5ms`. A negative
 * time is `0ms`.
 */
export function time(ms: number): string {
  if (ms <= 0) return '0ms'
  // A value that would round up to 1000ms or to 60.0s gets the next unit.
  if (ms < 999.5) return `${Number(ms.toPrecision(3))}ms`
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)}s`
  const whole = Math.max(ms, 60_000)
  const first = TIMES.findIndex(([, unitMs]) => whole >= unitMs)
  const [unit, unitMs] = TIMES[first]!
  const [nextUnit, nextMs] = TIMES[first + 1]!
  return `${Math.floor(whole / unitMs)}${unit} ${Math.floor((whole % unitMs) / nextMs)}${nextUnit}`
}

/** Shown where there is no figure. */
export const NOTHING = '–'

/** `part` of `all`, in percent. */
export function share(part: number, all: number): string {
  return all === 0 ? NOTHING : `${Math.round((part / all) * 100)}%`
}

/** `1 connection`, `2 connections`. */
export const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`
