// @ts-check
/**
 * Whether there is anybody to tell something: the state at the top, in the tab's title and on the body. Figures of a
 * process that does not answer are of the past, and must not look like anything else.
 */
import { time } from '/assets/dist/figures.js'
import { clock } from './figures.js'
import { element, tell } from './place.js'

/** Longer ago, the clock alone does not say when. */
const HALF_A_DAY_MS = 12 * 3_600_000

export class Presence {
  /** ms since 1970; 0: nobody ever */
  #heardAt = 0

  /** @param {string} state of the process */
  here(state) {
    this.#heardAt = Date.now()
    this.#show(state, state)
    element('alarm').hidden = true
  }

  /** @param {string} why */
  gone(why) {
    const since = this.#heardAt === 0 ? '' : ` since ${moment(this.#heardAt)}`
    this.#show('gone', 'no answer')
    tell('alarm-what', `No answer${since}: ${why}.`)
    const old = `What is shown is ${time(Date.now() - this.#heardAt)} old. `
    tell('alarm-more', `${this.#heardAt === 0 ? '' : old}Asking again…`)
    element('alarm').hidden = false
  }

  locked() {
    this.#show('locked', 'a token is needed')
    element('alarm').hidden = true
  }

  /**
   * @param {string} state
   * @param {string} text
   */
  #show(state, text) {
    document.body.dataset.state = state
    element('state').dataset.state = state
    tell('state', text)
    const title = `${state === 'running' ? '' : `(${text}) `}millrace ${location.host}`
    if (document.title !== title) document.title = title
  }
}

/** @param {number} ms since 1970 */
function moment(ms) {
  const isOld = Date.now() - ms > HALF_A_DAY_MS
  return isOld ? `${new Date(ms).toLocaleDateString()} ${clock(ms)}` : clock(ms)
}
