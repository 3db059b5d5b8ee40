// @ts-check
/** The form that asks for the token, and says whether the last one was wrong. */
import { recall, remember } from './memory.js'
import { element, tell } from './place.js'

/** What admin.token may be made of: anything else a header could not carry. */
const TOKEN = /^[\x21-\x7e]+$/

const form = /** @type {HTMLFormElement} */ (element('login'))
const field = /** @type {HTMLInputElement} */ (element('token'))

/** Resolves when somebody has entered one. */
export async function login() {
  const isWrong = recall('sessionStorage', 'token') !== null
  complain(isWrong ? 'That is not the token of this address. It is admin.token of the config.' : '')
  form.hidden = false
  field.focus()
  for (;;) {
    await new Promise((resolve) => form.addEventListener('submit', resolve, { once: true }))
    const token = field.value.trim()
    field.value = ''
    if (TOKEN.test(token)) {
      form.hidden = true
      return remember('sessionStorage', 'token', token)
    }
    complain('A token is printable ASCII without spaces.')
  }
}

form.addEventListener('submit', (event) => event.preventDefault())

/** @param {string} text */
function complain(text) {
  tell('login-error', text)
  field.setAttribute('aria-invalid', String(text !== ''))
}
