// @ts-check
/** Lines about the whole proxy, such as running drains. The first few are shown, and a button for the others. */
import { visible } from '/assets/dist/escape.js'
import { element } from './place.js'

const MOST = 4

export class Notices {
  #place
  #text = document.createElement('span')
  #button = document.createElement('button')
  #isOpen = false
  /** @type {readonly string[]} */
  #lines = []

  /** @param {string} id */
  constructor(id) {
    this.#place = element(id)
    this.#button.type = 'button'
    this.#button.addEventListener('click', () => {
      this.#isOpen = !this.#isOpen
      this.show(this.#lines)
    })
    this.#place.append(this.#text)
  }

  /** It changes nothing if the text is the same, so that screen readers stay quiet. @param {readonly string[]} lines */
  show(lines) {
    this.#lines = lines
    const others = lines.length - MOST
    const text = visible((this.#isOpen ? lines : lines.slice(0, MOST)).join(' · '))
    if (this.#text.textContent !== text) this.#text.textContent = text
    this.#button.textContent = this.#isOpen ? 'Show fewer' : `${others} more`
    this.#button.setAttribute('aria-expanded', String(this.#isOpen))
    if (others <= 0) this.#button.remove()
    else if (!this.#button.isConnected) this.#place.append(' ', this.#button)
  }
}
