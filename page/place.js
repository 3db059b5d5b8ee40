// @ts-check
/** Places of the document, by id. */

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
  if (place.textContent !== text) place.textContent = text
}
