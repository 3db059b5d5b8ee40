/**
 * Notices that files have changed, however they were replaced. It looks at their time and size. So it also
 * notices a link that points elsewhere now, as Kubernetes does it. It looks at all files in one turn of the
 * event loop, so that an idle process wakes once for it. It never keeps the process alive.
 */
import { statSync } from 'node:fs'

const ASK_EVERY_MS = 2000
/** A certificate and its key are two files. Both should be there before either is read (ms). */
const SETTLE_MS = 500

export class WatchedFiles {
  readonly #files: readonly string[]
  readonly #changed: (file: string) => void
  /** The identity of each file at the last look. */
  readonly #seen = new Map<string, string>()
  #next: NodeJS.Timeout | undefined
  #timer: NodeJS.Timeout | undefined

  /** `changed` gets the last file of several changes in a row. */
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

  /** Looks at the same moment as all others that watch files. */
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

/** Empty if the file cannot be looked at: it does not exist, or we may not see it. */
function identityOf(file: string): string {
  try {
    const { mtimeMs, size, ino } = statSync(file)
    return `${mtimeMs} ${size} ${ino}`
  } catch {
    return ''
  }
}
