// @ts-check
/** Places of the document, by id. */
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
 * As text, and only where it is another.
 * @param {string} id
 * @param {string} text
 */
export function tell(id, text) {
  const place = element(id)
  const shown = visible(text)
  if (place.textContent !== shown) place.textContent = shown
}
