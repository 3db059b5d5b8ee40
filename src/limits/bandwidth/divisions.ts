/** The timer for the rates that several processes share. It runs while this process has connections with such a rate. */
import type { Division } from './division.js'

const LOOK_MS = 100

export class Divisions {
  readonly #now: () => number
  readonly #members = new Set<Division>()
  #timer: NodeJS.Timeout | undefined
  #lookedAt = 0

  /** `now`: ms. */
  constructor(now: () => number) {
    this.#now = now
  }

  add(division: Division): void {
    this.#members.add(division)
    if (this.#timer !== undefined) return
    this.#lookedAt = this.#now()
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref()
  }

  /** The last connection with this rate has ended. */
  delete(division: Division): void {
    this.#members.delete(division)
    division.end()
    if (this.#members.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #look(): void {
    const now = this.#now()
    const sinceMs = now - this.#lookedAt
    if (sinceMs <= 0) return
    this.#lookedAt = now
    for (const division of this.#members) division.look(sinceMs, now)
  }
}
