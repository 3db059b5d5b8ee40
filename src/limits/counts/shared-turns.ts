/**
 * What those who wait for the same in several workers know of each other: how many wait in all of them. A worker whose
 * connection ends would otherwise always give its place to a client of its own. It leaves a place to others in proportion to
 * those who wait there, and they find it when they look.
 */
import type { Counts, Key } from './counts.js'

export class SharedTurns {
  readonly #counts: Counts | undefined
  readonly #shared: Counts | undefined
  readonly #key: Key
  /** Its part of the places that it has freed and not used, from 0 to 1. */
  #owed = 0

  /** `counts` undefined: there is only this process. `scope`: what they wait for, as the table calls it. */
  constructor(counts: Counts | undefined, scope: string) {
    this.#counts = counts
    this.#shared = counts?.isShared === true ? counts : undefined
    this.#key = { scope }
  }

  get areShared(): boolean {
    return this.#shared !== undefined
  }

  /** How many wait in all processes. `own`: here. */
  waiting(own: number): number {
    return this.#shared === undefined ? own : Math.max(own, this.#shared.held(this.#key))
  }

  /**
   * Counts one more. Returns its entry in the table, 0 if there is no table, and undefined if `most` wait already. `most` 0: any
   * number may wait. A process that counts alone beside others has its part of `most`.
   */
  join(own: number, most: number): number | undefined {
    if (this.#counts === undefined) return most > 0 && own >= most ? undefined : 0
    const taken = this.#counts.take([{ key: this.#key, most, perSecond: 0, burst: 1 }])
    return taken.entries?.[0]
  }

  leave(entry: number): void {
    this.#counts?.leave(entry)
  }

  /** Whether a place that this process has freed is for one of its `own` clients. */
  isOwnTurn(own: number): boolean {
    const all = this.waiting(own)
    if (all === own) return true
    this.#owed += own / all
    if (this.#owed < 1) return false
    this.#owed -= 1
    return true
  }
}
