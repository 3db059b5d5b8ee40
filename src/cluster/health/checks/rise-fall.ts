/**
 * Counts the results of the checks of one backend as HAProxy does (src/check.c): one number from 0 to `rise + fall - 1`. The
 * backend is up from `rise` on. A failure takes 1 off, and a backend that falls below `rise` falls to 0. A pass adds 1, and a
 * backend that reaches `rise` rises to the top. So `fall` failures in a row take it down, and `rise` passes in a row bring it
 * up again. Pure.
 */

export interface Thresholds {
  /** Passes in a row that bring a backend up. At least 1. */
  readonly rise: number
  /** Failures in a row that take it down. At least 1. */
  readonly fall: number
}

/** `changing`: a few more results like the last one would change the state, or would have settled it. */
export type Phase = 'up' | 'down' | 'changing'

export class RiseFall {
  readonly #rise: number
  readonly #top: number
  #health: number

  /** One result against `isUp` is enough at first: nothing has proved it yet. */
  constructor({ rise, fall }: Thresholds, isUp: boolean) {
    this.#rise = rise
    this.#top = rise + fall - 1
    this.#health = isUp ? rise : rise - 1
  }

  get isUp(): boolean {
    return this.#health >= this.#rise
  }

  get phase(): Phase {
    if (this.#health === this.#top) return 'up'
    return this.#health === 0 ? 'down' : 'changing'
  }

  /** Notes a result. Returns whether the backend went down or came up. */
  note(passed: boolean): boolean {
    const wasUp = this.isUp
    this.#health = passed ? Math.min(this.#health + 1, this.#top) : Math.max(this.#health - 1, 0)
    if (passed && this.isUp) this.#health = this.#top
    if (!passed && !this.isUp) this.#health = 0
    return wasUp !== this.isUp
  }
}
