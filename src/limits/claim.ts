/** The places that one connection holds in limits. They are given back once, when the connection ends. */
import type { OpeningCause } from '../observe/endings.js'
import type { Limit } from './limit.js'

const NONE: readonly never[] = []

export class Claim {
  /** What it holds places in. */
  limits: readonly Limit[] = NONE
  /** The entry of each of these limits in the table of counts. */
  entries: readonly number[] = NONE

  /** Why the connection got no place in its cluster. */
  refusal: OpeningCause | undefined

  /** It keeps the arrays of its first places, because most claims have no others. */
  add(limits: readonly Limit[], entries: readonly number[]): void {
    this.limits = this.limits.length === 0 ? limits : [...this.limits, ...limits]
    this.entries = this.entries.length === 0 ? entries : [...this.entries, ...entries]
  }

  /** Whether it holds a place in a limit with this key. */
  holds(key: string): boolean {
    return this.limits.some((limit) => limit.key === key)
  }

  replace(limits: readonly Limit[], entries: readonly number[]): void {
    this.limits = limits
    this.entries = entries
  }

  clear(): void {
    this.replace(NONE, NONE)
  }
}
