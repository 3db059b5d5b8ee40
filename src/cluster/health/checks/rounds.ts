/**
 * Does one thing again and again: never twice at the same time, and each time a while after the end of the time before. No
 * timer here keeps the process alive.
 */

/** What is under way. */
export interface Underway {
  /** Ends it at once. It is never heard of again. */
  cancel(): void
}

export interface Round {
  /** Begins it. `done` is called once at its end, never before `act` has returned. */
  act(done: () => void): Underway
  /** ms until the next time. */
  nextMs(): number
}

export class Rounds {
  readonly #round: Round
  #timer: NodeJS.Timeout | undefined
  #underway: Underway | undefined

  constructor(round: Round) {
    this.#round = round
  }

  begin(afterMs: number): void {
    this.stop()
    this.#timer = setTimeout(() => this.#act(), Math.ceil(afterMs)).unref()
  }

  /** What is under way is ended. */
  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#underway?.cancel()
    this.#underway = undefined
  }

  #act(): void {
    this.#timer = undefined
    const underway = this.#round.act(() => {
      // What came of it may have ended the rounds.
      if (this.#underway !== underway) return
      this.#underway = undefined
      this.begin(this.#round.nextMs())
    })
    this.#underway = underway
  }
}
