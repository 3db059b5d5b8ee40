// @ts-check
/**
 * What the browser stores for the page. If the browser stores no data of sites, each access to the storage throws. Then
 * the values last as long as the page.
 */

/** @typedef {'localStorage' | 'sessionStorage'} Place `localStorage` keeps values, `sessionStorage` keeps them for this tab */

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
    // The value is in `kept`.
  }
}
