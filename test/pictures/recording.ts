/** `millrace top` on a terminal of its own, and the screens that it draws. */
import { CLI } from '../support/millrace.js'
import { Program } from '../support/programs.js'

export const COLUMNS = 96
/** Enough for all rows of all tables of the scene. */
const ROWS = 38

/** The lines of one screen. */
export type Screen = readonly string[]

const BEFORE_A_SCREEN = '\x1b[H'
const AFTER_A_SCREEN = '\x1b[J'
const AFTER_A_LINE = '\x1b[K'
const ESCAPE = '\x1b'

export class Recording {
  readonly #top: Program

  constructor({ admin, token }: { readonly admin: string; readonly token: string }) {
    const command = `stty rows ${ROWS} cols ${COLUMNS}; exec "${process.execPath}" "${CLI}" top --admin ${admin}`
    this.#top = new Program('script', ['-qec', command, '/dev/null'], {
      env: { MILLRACE_ADMIN_TOKEN: token },
    })
  }

  get screens(): Screen[] {
    return screensOf(this.#top.stdout)
  }

  /** Waits for so many further screens. `top` draws one a second. */
  async more(count: number): Promise<void> {
    const wanted = this.screens.length + count
    await this.#top.seen(() => this.screens.length >= wanted)
  }

  /** Waits until the last screen is one that is wanted. */
  async seen(isWanted: (screen: Screen) => boolean): Promise<void> {
    await this.#top.seen(() => isWanted(this.screens.at(-1) ?? []))
  }

  async leave(): Promise<void> {
    this.#top.child.stdin.write('q')
    await this.#top.exited
  }
}

/** The screens that are complete. Throws if `top` writes an escape sequence that this does not know. */
function screensOf(output: string): Screen[] {
  const screens = output.split(BEFORE_A_SCREEN).slice(1)
  return screens
    .filter((screen) => screen.includes(AFTER_A_SCREEN))
    .map((screen) => linesOf(screen.slice(0, screen.indexOf(AFTER_A_SCREEN))))
}

function linesOf(screen: string): string[] {
  // A terminal may send more than one CR before each LF. Nothing stands behind the end of the last line.
  const lines = screen.split(AFTER_A_LINE).slice(0, -1)
  const texts = lines.map((line) => line.replace(/^\r*\n/, ''))
  const odd = texts.find((text) => text.includes(ESCAPE))
  if (odd !== undefined) throw new Error(`an unknown escape sequence: ${JSON.stringify(odd)}`)
  return texts
}
