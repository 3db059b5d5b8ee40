// @ts-check
/**
 * Buttons that end a connection: the first press asks, the second one does it. One that can do nothing says so and keeps
 * the focus, which a disabled one would lose.
 */

const SURE_FOR_MS = 3000

export class KillButtons {
  #kill
  #isAllowed = false

  /** @param {(id: string) => Promise<boolean>} kill whether it is over */
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
    let timer = 0
    /** @param {string} text @param {string} label @param {boolean} isSure */
    const say = (text, label, isSure) => {
      clearTimeout(timer)
      button.textContent = text
      button.setAttribute('aria-label', `${label} ${id}`)
      button.classList.toggle('sure', isSure)
    }
    const rest = () => say('End', 'end connection', false)
    const ask = () => {
      say('Sure?', 'really end connection', true)
      timer = window.setTimeout(rest, SURE_FOR_MS)
    }
    const act = async () => {
      say('…', 'ending connection', false)
      setDisabled(button, true)
      const isOver = await this.#kill(id)
      if (isOver) delete button.dataset.kill
      else setDisabled(button, !this.#isAllowed)
      if (isOver) say('ended', 'ended connection', false)
      else rest()
    }
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
