/**
 * How problems name what they found. Pure. The found text is escaped and cut, so that a line stays a line.
 */

const LONGEST_TEXT_CHARS = 60

/** `expected …, found …`, or that the value is missing. */
export function expected(what: string, found: unknown): string {
  return found === undefined ? `is missing: expected ${what}` : `expected ${what}, found ${describe(found)}`
}

export function describe(value: unknown): string {
  if (value === null) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a map'
  if (typeof value === 'function') return 'a function'
  return typeof value === 'string' ? quote(value) : String(value)
}

export function quote(text: string): string {
  return JSON.stringify(shorten(text))
}

export function shorten(text: string, mostChars = LONGEST_TEXT_CHARS): string {
  return text.length > mostChars ? `${text.slice(0, mostChars)}…` : text
}
