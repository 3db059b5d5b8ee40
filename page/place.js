// @ts-check
/** Elements of the document, by id. */
import { visible } from '/assets/dist/escape.js'

/**
 * @param {string} id
 * @returns {HTMLElement}
 */
export function element(id) {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`no element ${id}`)
  return found
}

/**
 * Sets the text of an element. It changes nothing if the text is the same, so that screen readers stay quiet.
 * @param {string} id
 * @param {string} text
 */
export function tell(id, text) {
  const place = element(id)
  const shown = visible(text)
  if (place.textContent !== shown) place.textContent = shown
}
