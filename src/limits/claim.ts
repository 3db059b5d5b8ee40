/** The places that one connection holds in limits. They are given back once, when the connection ends. */
import type { OpeningCause } from '../observe/endings.js'
import type { Limit } from './limit.js'

export class Claim {
  /** What it holds places in. */
  readonly limits: Limit[] = []
  /** The entry of each of these limits in the table of counts. */
  readonly entries: number[] = []

  /** Why the connection got no place in its cluster. */
  refusal: OpeningCause | undefined

  add(limit: Limit, entry: number): void {
    this.limits.push(limit)
    this.entries.push(entry)
  }

  /** Takes over the places of another claim. */
  join({ limits, entries }: Claim): void {
    this.limits.push(...limits)
    this.entries.push(...entries)
  }

  clear(): void {
    this.limits.length = 0
    this.entries.length = 0
  }
}
