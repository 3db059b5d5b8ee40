/**
 * Notices that files have changed, whatever replaced them: they are asked for their time and size, so links that
 * are pointed elsewhere, as Kubernetes does it, are noticed, too. All of them are asked in one turn of the event loop,
 * so that an idle process wakes once for it. It never keeps the process alive.
 */
import { statSync } from 'node:fs'

const ASK_EVERY_MS = 2000
/** Certificate and key are two files: both should be there before either is read. */
const SETTLE_MS = 500

export class WatchedFiles {
  readonly #files: readonly string[]
  readonly #changed: (file: string) => void
  /** What each was when it was last asked. */
  readonly #seen = new Map<string, string>()
  #next: NodeJS.Timeout | undefined
  #timer: NodeJS.Timeout | undefined

  /** `changed` is told of the last of several changes in a row. */
  constructor(files: readonly string[], changed: (file: string) => void) {
    this.#files = files
    this.#changed = changed
  }

  start(): void {
    for (const file of this.#files) this.#seen.set(file, identityOf(file))
    if (this.#files.length > 0) this.#askLater()
  }

  stop(): void {
    clearTimeout(this.#timer)
    clearTimeout(this.#next)
  }

  /** At the same moment as all others that watch files. */
  #askLater(): void {
    const ms = ASK_EVERY_MS - (performance.now() % ASK_EVERY_MS)
    this.#next = setTimeout(() => this.#ask(), ms).unref()
  }

  #ask(): void {
    for (const file of this.#files) {
      const identity = identityOf(file)
      if (identity !== this.#seen.get(file)) this.#settle(file)
      this.#seen.set(file, identity)
    }
    this.#askLater()
  }

  #settle(file: string): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#changed(file), SETTLE_MS).unref()
  }
}

/** Empty where it cannot be asked: it is not there, or not for us. */
function identityOf(file: string): string {
  try {
    const { mtimeMs, size, ino } = statSync(file)
    return `${mtimeMs} ${size} ${ino}`
  } catch {
    return ''
  }
}
