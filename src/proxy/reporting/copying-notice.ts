/**
 * Logs why bytes are copied instead of spliced: each reason once.
 */
import type { NotSplicing } from '../../io/not-splicing.js'
import type { Log } from '../../observe/log/log.js'

export class CopyingNotice {
  readonly #log: Log
  readonly #told = new Set<string>()

  constructor(log: Log) {
    this.#log = log
  }

  tell(reason: NotSplicing | undefined): void {
    if (reason === undefined || this.#told.has(reason)) return
    this.#told.add(reason)
    this.#log.warn({ notSplicing: reason }, `copying instead of splicing: ${reason}`)
  }
}
