// @ts-check
/**
 * The search over all tables: each word must be somewhere in a name, an address, a state or another text of a row. `/` goes to
 * it, Escape empties it.
 */
import { element } from './place.js'

const field = /** @type {HTMLInputElement} */ (element('search'))

/** The words that are searched for. None: everything is shown. */
export const searched = () => field.value.toLowerCase().split(/\s+/).filter(Boolean)

/** @param {() => void} changed */
export function startSearch(changed) {
  field.addEventListener('input', changed)
  field.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return
    // The browser would empty it, too, but only some browsers tell.
    event.preventDefault()
    if (field.value === '') field.blur()
    field.value = ''
    changed()
  })
  document.addEventListener('keydown', (event) => {
    if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || isTyped(event.target)) return
    event.preventDefault()
    field.focus()
    field.select()
  })
}

/** Whether the key is a part of what somebody enters. @param {EventTarget | null} target */
const isTyped = (target) => target instanceof HTMLInputElement || target instanceof HTMLSelectElement
