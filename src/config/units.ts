/**
 * Durations and sizes as people write them, such as `5s` and `64KiB`. Pure. Exact: `1.5s` is 1500 ms. A
 * fraction of a millisecond or of a byte is refused, never rounded.
 */
import { quote } from './wording.js'

const MS_BY_UNIT: ReadonlyMap<string, bigint> = new Map([
  ['ms', 1n],
  ['s', 1000n],
  ['m', 60_000n],
  ['h', 3_600_000n],
  ['d', 86_400_000n],
])

/** Keys in lower case. The case of a size's unit means nothing here, because nobody gives sizes in bits. */
const BYTES_BY_UNIT: ReadonlyMap<string, bigint> = new Map([
  ['b', 1n],
  ['kb', 1000n],
  ['mb', 1000n ** 2n],
  ['gb', 1000n ** 3n],
  ['tb', 1000n ** 4n],
  ['kib', 1024n],
  ['mib', 1024n ** 2n],
  ['gib', 1024n ** 3n],
  ['tib', 1024n ** 4n],
])

/** Enough digits for any real value, and few enough to keep the arithmetic cheap. */
const QUANTITY = /^(\d{1,15})(?:\.(\d{1,9}))?([a-z]*)$/i

/** The duration in ms, or a sentence that says what is wrong. A number without a unit is in ms. */
export function parseDuration(text: string): number | string {
  const parts = QUANTITY.exec(text)
  const scale = MS_BY_UNIT.get(parts?.[3] || 'ms')
  if (parts === null || scale === undefined) {
    return `${quote(text)} is not a duration: write 250ms, 5s, 10m, 1h, 1d, or a number of milliseconds`
  }
  return (
    multiply(parts, scale) ??
    `${quote(text)} is not a whole number of milliseconds: write one, such as 1500ms`
  )
}

/** The size in bytes, or a sentence that says what is wrong. A number without a unit is in bytes. */
export function parseSize(text: string): number | string {
  const parts = QUANTITY.exec(text)
  const scale = BYTES_BY_UNIT.get((parts?.[3] || 'b').toLowerCase())
  if (parts === null || scale === undefined) {
    return `${quote(text)} is not a size: write 64KiB, 1MiB, 100KB, or a number of bytes`
  }
  return multiply(parts, scale) ?? `${quote(text)} is not a whole number of bytes: write one, such as 1536`
}

/** In integers, because 1.001 * 1000 is not 1001 in floating point. Undefined: a remainder is left. */
function multiply([, whole = '', fraction = '']: RegExpExecArray, scale: bigint): number | undefined {
  const divisor = 10n ** BigInt(fraction.length)
  const product = BigInt(whole + fraction) * scale
  return product % divisor === 0n ? Number(product / divisor) : undefined
}
