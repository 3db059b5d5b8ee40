/**
 * Notices that files have changed, however they were replaced. It looks at their time and size. So it also
 * notices a link that points elsewhere now, as Kubernetes does it. It looks at all files in one turn of the
 * event loop, so that an idle process wakes once for it. It never keeps the process alive.
 */
import { statSync } from 'node:fs'

const ASK_EVERY_MS = 2000
/**
 * A certificate and its key are two files, and a long file is written in pieces. All should be there before any is read. So no
 * file may have changed for this long (ms).
 */
const SETTLE_MS = 500
/** But a file that changes all the time is read after so many of these waits, about 5 s. */
const MOST_WAITS = 10

export class WatchedFiles {
  readonly #files: readonly string[]
  readonly #changed: (file: string) => void
  /** The identity of each file at the last look. */
  readonly #seen = new Map<string, string>()
  #next: NodeJS.Timeout | undefined
  #timer: NodeJS.Timeout | undefined
  /** How often it waited in a row because a file had just changed. */
  #waits = 0

  /** `changed` gets the last file of several changes in a row. */
  constructor(files: readonly string[], changed: (file: string) => void) {
    this.#files = files
    this.#changed = changed
  }

  start(): void {
    this.#findChanged()
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
    const changed = this.#findChanged()
    if (changed !== undefined) this.#settle(changed)
    this.#askLater()
  }

  #settle(file: string): void {
    clearTimeout(this.#timer)
    this.#waits++
    this.#timer = setTimeout(() => {
      const changed = this.#findChanged()
      if (changed !== undefined && this.#waits < MOST_WAITS) this.#settle(changed)
      else {
        this.#waits = 0
        this.#changed(changed ?? file)
      }
    }, SETTLE_MS).unref()
  }

  /** The last file that is not as it was at the last look. */
  #findChanged(): string | undefined {
    let changed: string | undefined
    for (const file of this.#files) {
      const identity = identityOf(file)
      if (identity !== this.#seen.get(file)) changed = file
      this.#seen.set(file, identity)
    }
    return changed
  }
}

/** Another one after each change. Empty if the file cannot be looked at: it does not exist, or we may not see it. */
export function identityOf(file: string): string {
  try {
    const { mtimeNs, size, dev, ino } = statSync(file, { bigint: true })
    return [mtimeNs, size, dev, ino].join()
  } catch {
    return ''
  }
}
