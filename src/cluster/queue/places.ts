/**
 * The places of one backend that has a limit of connections. A connect takes one before it begins, and it is given back when
 * the connection is over. Several workers count in one table. It never dials and never waits.
 */

import type { Counts, Key } from '../../limits/counts/counts.js'

export class Places {
  readonly #counts: Counts | undefined
  readonly #key: Key
  /** The part of the limit that holds at present: above 0, at most 1. */
  readonly #part: () => number
  /** 0: no limit. Then nothing is counted. */
  #limit = 0
  /** One for each place that is held. */
  readonly #entries: number[] = []
  /** The table had no place left when this process last wanted one. */
  #isTaken = false

  /** `counts` undefined: this process counts alone. */
  constructor(counts: Counts | undefined, scope: string, part: () => number) {
    this.#counts = counts
    this.#key = { scope }
    this.#part = part
  }

  /** Connections that the backend may have at present. 0: no limit. A backend that starts slowly has a part of its limit. */
  get limit(): number {
    return this.#limit === 0 ? 0 : Math.max(1, Math.floor(this.#limit * this.#part()))
  }

  /** The backend has `open` connections and connects in progress: they count, whatever the limit was before. */
  set(limit: number, open: number): void {
    this.#limit = limit
    this.#isTaken = false
    if (this.#counts === undefined) return
    const counted = limit === 0 ? 0 : open
    while (this.#entries.length > counted) this.leave()
    while (this.#entries.length < counted && this.#take(0));
  }

  isFull(open: number): boolean {
    const { limit } = this
    if (limit === 0) return false
    if (open >= limit) return true
    if (this.#isTaken && this.#counts?.isShared === true)
      this.#isTaken = this.#counts.held(this.#key) >= limit
    return this.#isTaken
  }

  /** Takes a place beside `open` others of this process. False: all are taken. */
  take(open: number): boolean {
    const { limit } = this
    if (limit === 0) return true
    if (open >= limit) return false
    this.#isTaken = !this.#take(limit)
    return !this.#isTaken
  }

  /** Takes over the place of a connection of another process. */
  adopt(): void {
    if (this.#limit === 0) return
    const entry = this.#counts?.adopt(this.#key)
    if (entry === undefined) this.#take(0)
    else this.#entries.push(entry)
  }

  /** Another process goes on with the connection, and counts its place. */
  give(): void {
    this.#isTaken = false
    const entry = this.#entries.pop()
    if (entry !== undefined) this.#counts?.give(entry)
  }

  /** Takes a place even if there is none. */
  takeAnyway(): void {
    if (this.#limit > 0) this.#take(0)
  }

  leave(): void {
    this.#isTaken = false
    const entry = this.#entries.pop()
    if (entry !== undefined) this.#counts?.leave(entry)
  }

  #take(most: number): boolean {
    if (this.#counts === undefined) return true
    const taken = this.#counts.take([{ key: this.#key, most, perSecond: 0, burst: 1 }])
    if (taken.entries === undefined) return false
    this.#entries.push(taken.entries[0]!)
    return true
  }
}
