/** Lets a kind of log line through at most once in a time, and counts the lines that it keeps back. Pure. */
export class LineLimit {
  readonly #everyMs: number
  #dueAt = Number.NEGATIVE_INFINITY
  #keptBack = 0

  constructor(everyMs: number) {
    this.#everyMs = everyMs
  }

  /** Returns how many lines were kept back since the last one that passed. Undefined: this one is kept back, too. `now` in ms. */
  pass(now: number): number | undefined {
    if (now < this.#dueAt) {
      this.#keptBack++
      return undefined
    }
    const keptBack = this.#keptBack
    this.#dueAt = now + this.#everyMs
    this.#keptBack = 0
    return keptBack
  }
}
