/**
 * The sockets of a place without a worker are lent to one that serves, until the place has a worker again: the kernel
 * sends clients there all the time, and the next worker may be long in coming, or never come.
 */
import type { Config } from '../config/schema.js'
import type { Crew } from './crew.js'
import type { Line } from './line.js'
import type { Sockets } from './sockets.js'

export class Loans {
  readonly #crew: Crew
  readonly #sockets: Sockets
  readonly #config: () => Config
  /** By place: who accepts for it, or nobody yet. */
  readonly #borrowers = new Map<number, Line | undefined>()

  constructor(crew: Crew, sockets: Sockets, config: () => Config) {
    this.#crew = crew
    this.#sockets = sockets
    this.#config = config
  }

  /** The place has lost its worker. */
  begin(place: number): void {
    if (this.#sockets.isShared || this.#borrowers.has(place)) return
    this.#borrowers.set(place, undefined)
    this.assign()
  }

  /** It has one that serves. */
  end(place: number): void {
    this.#borrowers.get(place)?.send({ kind: 'takeBack', place })
    this.#borrowers.delete(place)
  }

  /** Workers have come or gone. */
  assign(): void {
    const [borrower] = this.#crew.lines
    if (borrower === undefined) return
    for (const [place, line] of this.#borrowers) {
      if (line === undefined || line.isGone) this.#lend(place, borrower)
    }
  }

  /** Listeners have come or gone. */
  renew(): void {
    for (const [place, line] of this.#borrowers) if (line !== undefined) this.#lend(place, line)
  }

  #lend(place: number, borrower: Line): void {
    this.#borrowers.set(place, borrower)
    for (const [address, { handle }] of this.#sockets.of(place, this.#config())) {
      borrower.send({ kind: 'lend', address, place }, handle)
    }
  }
}
