/**
 * Writes the log lines of single connections: their records, and lines about failures.
 */
import type { AccessConfig } from '../../config/schemas/log-schema.js'
import type { Connection } from '../../connection/connection.js'
import type { OpenLog } from '../../observe/log/log.js'
import { AccessLog } from '../../observe/records/access.js'
import type { RecordEnding } from '../../observe/records/record.js'
import type { RecordCounts } from '../../observe/status.js'
import type { PipeTotals } from '../../pipe/options.js'
import type { ConnectionIds } from '../connection-ids.js'

const FAILURES = {
  'route-failed': 'a route function failed: its client was turned away',
  'internal-error': 'millrace met an internal error and turned a client away: please report this',
}

export class ConnectionLog {
  readonly #log: OpenLog
  readonly #ids: ConnectionIds
  readonly #access: AccessLog

  constructor(log: OpenLog, ids: ConnectionIds, config: AccessConfig | false) {
    this.#log = log
    this.#ids = ids
    this.#access = new AccessLog(log, config)
  }

  update(config: AccessConfig | false): void {
    this.#access.update(config)
  }

  counts(): RecordCounts {
    return this.#access.counts()
  }

  failed(connection: Connection, cause: keyof typeof FAILURES, err: unknown): void {
    this.#log.log.error({ ...connection.describe(), err }, FAILURES[cause])
  }

  ended(connection: Connection, ending: RecordEnding, totals: PipeTotals): void {
    const { log } = this.#log
    if (ending.cause === 'infinite-loop') {
      const message = 'a pipe stayed ready without progress and was cut: please report this'
      log.error(connection.describe(), message)
    } else if (ending.cause === 'idle-timeout') log.debug(connection.describe(), 'idle for too long: ended')
    const bytes = totals.bytesUp + totals.bytesDown
    if (!this.#access.wants({ bytes, ageMs: connection.ageMs, ending })) return
    this.#access.write(this.#ids.known(connection) ?? this.#ids.next(), connection.facts(totals), ending)
  }
}
