/** Rules of which the first one counts → `limits.allow` and `limits.deny`, of which `deny` goes first. Pure. */
import { AddressSet } from '../address-set.js'
import { append, type Fields } from './draft.js'

/** An entry of a list: a range, or a file. */
export type Entry = string | { readonly file: string }

/** Denies these, but for what was accepted before. */
export function deny(entries: readonly Entry[], accepted: readonly Entry[], fields: Fields): void {
  const exceptions = accepted.filter((each) => typeof each === 'string')
  // What was accepted before as a whole is never rejected.
  const denied = entries.filter(
    (each) => typeof each !== 'string' || !exceptions.some((wide) => contains(wide, each)),
  )
  if (denied.length === 0) return
  append(fields, 'limits.deny', ...denied, ...exceptions.map((each) => `!${each}`))
}

/** Whether the first range has every address of the second one. */
function contains(wide: string, narrow: string): boolean {
  const [host = '', bits] = narrow.split('/')
  const match = new AddressSet([wide]).match({ kind: 'tcp', host, port: 0 })
  const narrowBits = bits === undefined ? Number.POSITIVE_INFINITY : Number(bits)
  return match > 0 && Number(wide.split('/')[1] ?? Number.POSITIVE_INFINITY) <= narrowBits
}
