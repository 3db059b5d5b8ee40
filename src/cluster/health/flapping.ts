/**
 * Damps a backend that goes down and comes back again and again: it stays down for a while, which doubles each time. It is
 * told of changes and times, and never reads the clock.
 */
import type { FlappingPolicy } from './policy.js'

const FIRST_HOLD_MS = 30_000

export class Flapping {
  readonly #policy: () => FlappingPolicy | false
  /** When it changed, the last `changes` times. */
  #changedAt: readonly number[] = []
  #heldUntil = 0
  #holdMs = 0

  constructor(policy: () => FlappingPolicy | false) {
    this.#policy = policy
  }

  /** Until when it stays down, in ms. In the past if nothing holds it. */
  get heldUntil(): number {
    return this.#heldUntil
  }

  isHeld(now: number): boolean {
    return now < this.#heldUntil
  }

  /**
   * The backend came back or went down. `mayHold` is asked only if there were enough changes: whether it is down now, and the
   * cluster can do without it. Returns how long it stays down from now on, in ms. 0: nothing begins.
   */
  changed(now: number, mayHold: () => boolean): number {
    const policy = this.#policy()
    if (policy === false) {
      this.forgive()
      return 0
    }
    const { changes, withinMs, maxForMs } = policy
    const recent = [...this.#changedAt, now].filter((at) => now - at < withinMs)
    this.#changedAt = recent.slice(-changes)
    if (recent.length < changes || this.isHeld(now) || !mayHold()) return 0
    const isAgain = this.#holdMs > 0 && now - this.#heldUntil < withinMs
    this.#holdMs = Math.min(isAgain ? this.#holdMs * 2 : FIRST_HOLD_MS, maxForMs)
    this.#heldUntil = now + this.#holdMs
    return this.#holdMs
  }

  forgive(): void {
    this.#changedAt = []
    this.#heldUntil = 0
    this.#holdMs = 0
  }
}
