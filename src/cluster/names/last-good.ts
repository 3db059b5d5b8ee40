/**
 * The last good answer to a question that is asked again and again. A failure says nothing, so the answer stays. An empty
 * answer is believed only after several in a row and some time: a DNS server that has just started, or has lost its zone for
 * a moment, must not take all backends away.
 */
import type { NamesSettings } from './settings.js'

type Patience = Pick<NamesSettings, 'emptyAnswers' | 'emptyForMs'>

export class LastGood<Each> {
  #present: readonly Each[] | undefined
  #emptyInARow = 0
  #emptySince = 0

  /** Undefined: there has been no good answer, and none that is empty and was believed. */
  get present(): readonly Each[] | undefined {
    return this.#present
  }

  found(answer: readonly Each[]): void {
    this.#present = answer
    this.#emptyInARow = 0
  }

  /** `now` in ms. */
  wasEmpty(now: number, { emptyAnswers, emptyForMs }: Patience): void {
    if (this.#emptyInARow === 0) this.#emptySince = now
    this.#emptyInARow += 1
    const isBelieved = this.#emptyInARow >= emptyAnswers && now - this.#emptySince >= emptyForMs
    // An answer that was never there cannot be taken away: the name may come into being at any moment.
    if (isBelieved && this.#present !== undefined) this.#present = []
  }
}
