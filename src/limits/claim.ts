/** The places that one connection holds in limits. They are given back once, when the connection ends. */
import type { OpeningCause } from '../observe/endings.js'
import type { Limit } from './limit.js'

export const NO_LIMITS: readonly Limit[] = []
const NO_ENTRIES: readonly number[] = []

/** What `joined` has returned, by both of its arguments. */
const JOINED = new WeakMap<readonly Limit[], WeakMap<readonly Limit[], readonly Limit[]>>()

/**
 * Both lists in one. It is the same list for all connections that are alike, so what follows from it can be computed once for all
 * of them.
 */
function joined(first: readonly Limit[], second: readonly Limit[]): readonly Limit[] {
  if (first.length === 0) return second
  const known = JOINED.get(first) ?? new WeakMap<readonly Limit[], readonly Limit[]>()
  JOINED.set(first, known)
  const list = known.get(second) ?? [...first, ...second]
  known.set(second, list)
  return list
}

export class Claim {
  /** What it holds places in. */
  limits = NO_LIMITS
  /** The entry of each of these limits in the table of counts. */
  entries = NO_ENTRIES

  /** Why the connection got no place in its cluster. */
  refusal: OpeningCause | undefined

  /**
   * `limits`: the same list for all connections that are alike. The claim keeps the arrays of its first places, because most claims
   * have no others.
   */
  add(limits: readonly Limit[], entries: readonly number[]): void {
    this.limits = joined(this.limits, limits)
    this.entries = this.entries.length === 0 ? entries : [...this.entries, ...entries]
  }

  replace(limits: readonly Limit[], entries: readonly number[]): void {
    this.limits = limits
    this.entries = entries
  }

  clear(): void {
    this.replace(NO_LIMITS, NO_ENTRIES)
  }
}
