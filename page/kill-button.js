// @ts-check
/**
 * Buttons that kill a connection. The first press asks, the second press kills. A button that can do nothing now has
 * `aria-disabled`, because a button with `disabled` would lose the keyboard focus.
 */

const SURE_FOR_MS = 3000

export class KillButtons {
  #kill
  #isAllowed = false

  /** @param {(id: string) => Promise<boolean>} kill resolves with whether the connection ended */
  constructor(kill) {
    this.#kill = kill
  }

  /** @param {boolean} isAllowed */
  allow(isAllowed) {
    if (this.#isAllowed === isAllowed) return
    this.#isAllowed = isAllowed
    for (const button of document.querySelectorAll('[data-kill]')) setDisabled(button, !isAllowed)
  }

  /** @param {string} id */
  create(id) {
    const button = document.createElement('button')
    button.type = 'button'
    button.dataset.kill = id
    button.title = 'Reset this connection. Bytes in flight are lost.'
    let timer = 0
    /** @param {string} text @param {string} label @param {boolean} isSure */
    const say = (text, label, isSure) => {
      clearTimeout(timer)
      button.textContent = text
      button.setAttribute('aria-label', `${label} ${id}`)
      button.classList.toggle('sure', isSure)
    }
    const rest = () => say('Kill', 'kill connection', false)
    const ask = () => {
      say('Sure?', 'press again to kill connection', true)
      timer = window.setTimeout(rest, SURE_FOR_MS)
    }
    const act = async () => {
      say('…', 'killing connection', false)
      setDisabled(button, true)
      const isOver = await this.#kill(id)
      if (isOver) delete button.dataset.kill
      else setDisabled(button, !this.#isAllowed)
      if (isOver) say('killed', 'killed connection', false)
      else rest()
    }
    button.addEventListener('keydown', ({ key }) => {
      if (key === 'Escape' && button.classList.contains('sure')) rest()
    })
    button.addEventListener('click', () => {
      if (button.getAttribute('aria-disabled') === 'true') return
      if (button.classList.contains('sure')) void act()
      else ask()
    })
    rest()
    setDisabled(button, !this.#isAllowed)
    return button
  }
}

/**
 * @param {Element} button
 * @param {boolean} isDisabled
 */
const setDisabled = (button, isDisabled) => button.setAttribute('aria-disabled', String(isDisabled))
