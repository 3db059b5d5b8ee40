/**
 * Notices that files have changed, whatever replaced them: they are asked for their time and size, so links that
 * are pointed elsewhere, as Kubernetes does it, are noticed, too. It never keeps the process alive.
 */
import { type StatsListener, unwatchFile, watchFile } from 'node:fs'

const ASK_EVERY_MS = 2000
/** Certificate and key are two files: both should be there before either is read. */
const SETTLE_MS = 500

export class WatchedFiles {
  readonly #files: readonly string[]
  readonly #changed: (file: string) => void
  readonly #listeners = new Map<string, StatsListener>()
  #timer: NodeJS.Timeout | undefined

  /** `changed` is told of the last of several changes in a row. */
  constructor(files: readonly string[], changed: (file: string) => void) {
    this.#files = files
    this.#changed = changed
  }

  start(): void {
    for (const file of this.#files) {
      const listener: StatsListener = (now, before) => {
        if (now.mtimeMs !== before.mtimeMs || now.size !== before.size || now.ino !== before.ino)
          this.#settle(file)
      }
      this.#listeners.set(file, listener)
      watchFile(file, { persistent: false, interval: ASK_EVERY_MS }, listener)
    }
  }

  stop(): void {
    clearTimeout(this.#timer)
    for (const [file, listener] of this.#listeners) unwatchFile(file, listener)
    this.#listeners.clear()
  }

  #settle(file: string): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#changed(file), SETTLE_MS).unref()
  }
}
