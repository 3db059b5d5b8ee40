/**
 * The table in which all workers count together, as the supervisor has it. Without it each worker has a table of its own, and its
 * part of every limit.
 */

import { USUAL_SOURCES } from '../../config/constants.js'
import type { Config } from '../../config/schema.js'
import { workerCount } from '../../config/worker-count.js'
import type { NativeCountsTables } from '../../io/kernel/native-counts-tables.js'
import { MOST_SCOPES } from '../../limits/counts/own-counts.js'
import { SharedCounts } from '../../limits/counts/shared-counts.js'
import type { Log } from '../../observe/log/log.js'
import type { CountsSeat } from '../messages.js'

export class SharedTable {
  /** Workers inherit it. Undefined: there is no table. */
  readonly fd: number | undefined
  /** The table as the supervisor sees it. It takes only the places of connections that another process hands over. */
  readonly counts: SharedCounts | undefined
  readonly #sources: number
  readonly #workers: number
  readonly #log: Log
  #hasTold = false

  /** `native` undefined: there is no addon. The size of the table stays as the config at the start says it. */
  constructor(native: NativeCountsTables | undefined, config: Config, log: Log) {
    this.#sources = config.limits?.sources ?? USUAL_SOURCES
    this.#workers = workerCount(config)
    this.#log = log
    if (native === undefined) return
    const fd = native.createCounts(this.#sources, MOST_SCOPES, this.#workers + 1)
    if (fd < 0) {
      log.error({ errno: -fd }, 'the kernel gives no memory for a table that all workers share')
      return
    }
    this.fd = fd
    this.counts = new SharedCounts(native, fd, this.#workers)
  }

  /** The workers use this config. If they cannot keep to its limits together, the log says so once. */
  takeUp(config: Config): void {
    if (this.fd !== undefined || this.#hasTold || !hasLimits(config)) return
    this.#hasTold = true
    this.#log.warn(
      { workers: this.#workers },
      'workers cannot count together: each has its part of every limit',
    )
  }

  seatOf(slot: number): CountsSeat {
    const [worker, isShared] = [slot, this.fd !== undefined]
    return { worker, workers: this.#workers, sources: this.#sources, isShared }
  }

  /** The worker is gone. If what it held cannot be given back now, the next worker of the slot does it. */
  gone(slot: number): void {
    this.counts?.reclaim(slot)
  }
}

const hasLimits = ({ limits, listeners, clusters }: Config): boolean =>
  limits !== undefined ||
  [...listeners, ...Object.values(clusters)].some((each) => each.limits !== undefined) ||
  Object.values(clusters).some(({ backends }) => backends.some(({ maxConnections }) => maxConnections > 0))
