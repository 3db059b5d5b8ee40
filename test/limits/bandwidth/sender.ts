/** A direction as a test plays it: it has bytes to send, and asks its limit for them. */
import type { Share } from '../../../src/limits/bandwidth/share.js'
import type { SharedLimit } from '../../../src/limits/bandwidth/shared-limit.js'

export const TICK_MS = 5
const RUN_BYTES = 1024 * 1024

/** Directions that were woken, in this order. */
export const awake: Sender[] = []

export class Sender {
  backlog: number
  sent = 0
  readonly share: Share
  readonly #limit: SharedLimit

  constructor(limit: SharedLimit, backlog: number) {
    this.#limit = limit
    this.backlog = backlog
    this.share = limit.join(0, () => {
      awake.push(this)
    })
  }

  /** Sends what it may, as a pipe does: one move after the other, until it waits or has nothing left. */
  run(now: number, over = 0): number {
    const before = this.sent
    while (this.backlog > 0) {
      const granted = this.#limit.ask(this.share, RUN_BYTES, now)
      if (granted === 0) break
      const bytes = Math.min(this.backlog, granted + over)
      this.#limit.used(this.share, bytes)
      this.backlog -= bytes
      this.sent += bytes
    }
    return this.sent - before
  }
}
