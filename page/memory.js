// @ts-check
/**
 * What the browser keeps for the page. Where it may keep nothing, touching the storage throws: then things last as long
 * as the page.
 */

/** @typedef {'localStorage' | 'sessionStorage'} Place the one for good, the other for this tab */

/** @type {Map<string, string>} */
const kept = new Map()

/**
 * @param {Place} place
 * @param {string} name
 * @returns {string | null}
 */
export function recall(place, name) {
  try {
    return window[place].getItem(name) ?? kept.get(name) ?? null
  } catch {
    return kept.get(name) ?? null
  }
}

/**
 * @param {Place} place
 * @param {string} name
 * @param {string} value
 */
export function remember(place, name, value) {
  kept.set(name, value)
  try {
    window[place].setItem(name, value)
  } catch {
    // It is in `kept`.
  }
}
