// @ts-check
/**
 * Shows whether the process answers: at the top, in the tab's title and on the body. If it does not answer, the figures
 * are old, and the page must show that.
 */
import { time } from '/assets/dist/figures.js'
import { clock } from './figures.js'
import { element, tell } from './place.js'

/** After a longer time than this, the page shows the date too. */
const HALF_A_DAY_MS = 12 * 3_600_000

export class Presence {
  /** When the last event came, in ms since 1970. 0: there was none yet */
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
    this.#show('gone', 'no data')
    tell('alarm-what', `No data${since}: ${why}.`)
    const old = `The figures are ${time(Date.now() - this.#heardAt)} old. `
    tell('alarm-more', `${this.#heardAt === 0 ? '' : old}Trying again…`)
    element('alarm').hidden = false
  }

  locked() {
    this.#show('locked', 'needs a token')
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
