// @ts-check
/** The form that asks for the token. It says whether the last token was wrong. */
import { recall, remember } from './memory.js'
import { element, tell } from './place.js'

/** The characters that `admin.token` may have. A header cannot carry others. */
const TOKEN = /^[\x21-\x7e]+$/

const form = /** @type {HTMLFormElement} */ (element('login'))
const field = /** @type {HTMLInputElement} */ (element('token'))

/** Resolves when the user has entered a token. */
export async function login() {
  const isWrong = recall('sessionStorage', 'token') !== null
  complain(isWrong ? 'This token is wrong. The right one is admin.token in the config.' : '')
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
    complain('A token has only printable ASCII characters, and no spaces.')
  }
}

form.addEventListener('submit', (event) => event.preventDefault())

/** @param {string} text */
function complain(text) {
  tell('login-error', text)
  field.setAttribute('aria-invalid', String(text !== ''))
}
