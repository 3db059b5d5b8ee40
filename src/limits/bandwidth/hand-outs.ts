/**
 * The timer of all rates in a thread. While a direction waits for bytes of one of them, it has them handed out
 * every TICK_MS. While nobody waits there is no timer.
 */
import type { SharedLimit } from './shared-limit.js'

const TICK_MS = 5

/** The part of a run queue that hand-outs need: the time, and the pipes that they woke. */
export interface Turns {
  readonly now: number
  tick(): void
  drain(): void
}

export class HandOuts {
  readonly #turns: Turns
  readonly #awaited = new Set<SharedLimit>()
  #timer: NodeJS.Timeout | undefined

  constructor(turns: Turns) {
    this.#turns = turns
  }

  /** ms, as precise as the turns of the event loop. */
  get now(): number {
    return this.#turns.now
  }

  /** A direction waits for bytes of this limit. */
  await(limit: SharedLimit): void {
    this.#awaited.add(limit)
    this.#timer ??= setTimeout(() => this.#handOut(), TICK_MS)
  }

  #handOut(): void {
    this.#timer = undefined
    this.#turns.tick()
    for (const limit of this.#awaited) {
      limit.handOut(this.now)
      if (limit.waiting === 0) this.#awaited.delete(limit)
    }
    if (this.#awaited.size > 0) this.#timer = setTimeout(() => this.#handOut(), TICK_MS)
    this.#turns.drain()
  }
}
