/**
 * The table in which all workers count together, as the supervisor has it. Without it each worker has a table of its own, and its
 * part of every limit.
 */
import type { NativeCountsTables } from '../../io/kernel/native-counts-tables.js'
import { MOST_SCOPES } from '../../limits/counts/own-counts.js'
import { SharedCounts } from '../../limits/counts/shared-counts.js'
import type { Log } from '../../observe/log/log.js'
import type { CountsSeat } from '../messages.js'

export class SharedTable {
  /** Workers inherit it. Undefined: there is no table. */
  readonly fd: number | undefined
  /** The table as the supervisor sees it. It takes no places. */
  readonly counts: SharedCounts | undefined
  readonly #sources: number
  readonly #workers: number

  /** `native` undefined: there is no addon. */
  constructor(native: NativeCountsTables | undefined, sources: number, workers: number, log: Log) {
    this.#sources = sources
    this.#workers = workers
    if (native === undefined) return
    const fd = native.createCounts(sources, MOST_SCOPES, workers + 1)
    if (fd < 0) {
      log.warn({ errno: -fd }, 'the kernel gives no memory that workers share: they cannot count together')
      return
    }
    this.fd = fd
    this.counts = new SharedCounts(native, fd, workers)
  }

  seatOf(slot: number): CountsSeat {
    const { fd } = this
    return { worker: slot, workers: this.#workers, sources: this.#sources, isShared: fd !== undefined }
  }

  /** The worker is gone. If what it held cannot be given back now, the next worker of the slot does it. */
  gone(slot: number): void {
    this.counts?.reclaim(slot)
  }
}
