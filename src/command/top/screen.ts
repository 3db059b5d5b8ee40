/**
 * The terminal while `top` shows its screen. However the process ends, the terminal is as it was before: ordinary screen, cursor, lines
 * that wrap, and keys that are echoed.
 */
import { frame, type Shown, type Size } from './frame.js'
import { FIRST_VIEW, keysIn, press, type View } from './view.js'

const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l'
const LEAVE = '\x1b[?7h\x1b[?25h\x1b[?1049l'
const HOME = '\x1b[H'
const CLEAR_LINE = '\x1b[K'
const CLEAR_BELOW = '\x1b[J'
const CTRL_C = '\x03'
/** Of a terminal that does not know its size. */
const USUAL_SIZE: Size = { columns: 80, rows: 24 }
const ENDS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const

export class Screen {
  /** Resolves when the user leaves, by a key or by a signal. */
  readonly left: Promise<void>
  #leave: () => void = () => {}
  #isThere = false
  #view: View = FIRST_VIEW
  #page = 0
  #shown: Shown | undefined
  readonly #redraw = (): void => this.#draw()
  readonly #gone = (): void => this.#leave()
  readonly #restore = (): void => this.leave()
  readonly #pressed = (bytes: Buffer): void => {
    for (const key of keysIn(bytes.toString())) this.#press(key)
    this.#draw()
  }

  constructor() {
    this.left = new Promise((resolve) => {
      this.#leave = resolve
    })
  }

  enter(): void {
    const { stdin, stdout } = process
    this.#isThere = true
    stdout.write(ENTER)
    stdout.on('resize', this.#redraw)
    if (stdin.isTTY) stdin.setRawMode(true)
    stdin.on('data', this.#pressed)
    stdin.on('error', this.#gone)
    for (const signal of ENDS) process.on(signal, this.#gone)
    // Before the error is printed, which the alternate screen would swallow.
    process.on('uncaughtExceptionMonitor', this.#restore)
    process.on('exit', this.#restore)
  }

  /** The second call does nothing. */
  leave(): void {
    if (!this.#isThere) return
    this.#isThere = false
    const { stdin, stdout } = process
    stdout.off('resize', this.#redraw)
    stdin.off('data', this.#pressed)
    if (stdin.isTTY) stdin.setRawMode(false)
    stdin.unref()
    for (const signal of ENDS) process.off(signal, this.#gone)
    process.off('uncaughtExceptionMonitor', this.#restore)
    process.off('exit', this.#restore)
    stdout.write(LEAVE)
  }

  show(shown: Shown): void {
    this.#shown = shown
    this.#draw()
  }

  #press(key: string): void {
    const isLeaving = key === CTRL_C || (key === 'q' && !this.#view.isTyping)
    if (isLeaving) this.#leave()
    else this.#view = press(this.#view, key, this.#page)
  }

  #draw(): void {
    if (!this.#isThere || this.#shown === undefined) return
    const { columns, rows } = process.stdout
    const size = { columns: columns || USUAL_SIZE.columns, rows: rows || USUAL_SIZE.rows }
    const { lines, offset, page } = frame(this.#shown, this.#view, size)
    this.#view = { ...this.#view, offset }
    this.#page = page
    process.stdout.write(`${HOME}${lines.map((line) => line + CLEAR_LINE).join('\r\n')}${CLEAR_BELOW}`)
  }
}
