// @ts-check
/** The button below a long table: `180 more` shows its other rows, `Show fewer` hides them again. */

export class MoreButton {
  #place
  #button
  #most
  #isOpen = false

  /**
   * @param {HTMLElement} place the button comes after it
   * @param {string} id of the table
   * @param {number} most rows that are shown until somebody presses the button
   * @param {() => void} changed
   */
  constructor(place, id, most, changed) {
    this.#place = place
    this.#most = most
    this.#button = document.createElement('button')
    this.#button.type = 'button'
    this.#button.className = 'more'
    this.#button.hidden = true
    this.#button.setAttribute('aria-controls', id)
    this.#button.addEventListener('click', () => {
      this.#isOpen = !this.#isOpen
      changed()
    })
    place.after(this.#button)
  }

  /**
   * The rows that are shown.
   * @template Row
   * @param {readonly Row[]} rows
   */
  cut(rows) {
    const others = rows.length - this.#most
    const text = this.#isOpen ? 'Show fewer' : `${others} more`
    if (this.#button.textContent !== text) this.#button.textContent = text
    this.#button.hidden = others <= 0
    this.#button.setAttribute('aria-expanded', String(this.#isOpen))
    this.#place.classList.toggle('open', this.#isOpen && others > 0)
    return this.#isOpen ? rows : rows.slice(0, this.#most)
  }
}
