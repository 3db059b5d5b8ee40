/**
 * Writes the log lines of single connections: their records, and lines about failures.
 */
import { Explanation } from '../../cluster/explanation.js'
import type { LogConfig } from '../../config/schemas/log-schema.js'
import type { Connection } from '../../connection/connection.js'
import { LineLimit } from '../../observe/log/line-limit.js'
import type { OpenLog } from '../../observe/log/log.js'
import { AccessLog } from '../../observe/records/access.js'
import { type RecordEnding, toFinalRecord } from '../../observe/records/record.js'
import { isDue } from '../../observe/records/while-open.js'
import type { RecordCounts } from '../../observe/status.js'
import type { PipeTotals } from '../../pipe/options.js'
import type { ConnectionIds } from '../connection-ids.js'
import type { ProxyEvents } from '../events/proxy-events.js'

type RecordConfig = Pick<LogConfig, 'access' | 'explain'>

/** ms between two lines about failures. */
const FAILURE_EVERY_MS = 1000

const FAILURES = {
  'route-failed': 'a route function failed: its client was turned away',
  'internal-error': 'millrace met an internal error and turned a client away: please report this',
}

export class ConnectionLog {
  readonly #log: OpenLog
  readonly #ids: ConnectionIds
  readonly #access: AccessLog
  /** A side table, because connections have no field for what few records tell. */
  readonly #explanations = new WeakMap<Connection, Explanation>()
  /** A function that fails may fail for each client. Each client has a record. */
  readonly #failures = new LineLimit(FAILURE_EVERY_MS)
  #explains: boolean

  /** Undefined: the proxy is no part of a program. */
  readonly #events: ProxyEvents | undefined

  constructor(log: OpenLog, ids: ConnectionIds, { access, explain }: RecordConfig, events?: ProxyEvents) {
    this.#events = events
    this.#log = log
    this.#ids = ids
    this.#access = new AccessLog(log, access)
    this.#explains = explain && access !== false
  }

  update({ access, explain }: RecordConfig): void {
    this.#access.update(access)
    this.#explains = explain && access !== false
  }

  explanationOf(connection: Connection): Explanation | undefined {
    if (!this.#explains) return undefined
    const known = this.#explanations.get(connection)
    if (known !== undefined) return known
    const explanation = new Explanation()
    this.#explanations.set(connection, explanation)
    return explanation
  }

  counts(): RecordCounts {
    return this.#access.counts()
  }

  failed(connection: Connection, cause: keyof typeof FAILURES, err: unknown): void {
    const keptBack = this.#failures.pass(performance.now())
    if (keptBack === undefined) return
    const more = keptBack === 0 ? undefined : keptBack
    this.#log.log.error({ ...connection.describe(), keptBack: more, err }, FAILURES[cause])
  }

  /** Its backend has accepted. */
  opened(connection: Connection): void {
    if (this.#access.isAtOpen) this.#writeOpen(connection)
  }

  /** It has been open for `openMs`. The last look was `sinceMs` ago. */
  lasts(connection: Connection, openMs: number, sinceMs: number): void {
    const { everyMs } = this.#access
    if (everyMs > 0 && isDue(this.#ids.tell(connection), everyMs, openMs, sinceMs))
      this.#writeOpen(connection)
  }

  ended(connection: Connection, ending: RecordEnding, totals: PipeTotals): void {
    const { log } = this.#log
    if (ending.cause === 'infinite-loop') {
      const message = 'a pipe stayed ready without progress and was cut: please report this'
      log.error(connection.describe(), message)
    } else if (ending.cause === 'idle-timeout') log.debug(connection.describe(), 'idle for too long: ended')
    this.#write(connection, ending, totals)
  }

  #writeOpen(connection: Connection): void {
    this.#ids.tell(connection)
    this.#write(connection, undefined, connection.totals)
  }

  #write(connection: Connection, ending: RecordEnding | undefined, totals: PipeTotals): void {
    const id = this.#ids.known(connection)
    const bytes = totals.bytesUp + totals.bytesDown
    const isWritten = this.#access.wants({ bytes, ageMs: connection.ageMs, ending, id })
    const isTold = ending !== undefined && this.#events?.wants('record') === true
    if (!isWritten && !isTold) return
    const facts = connection.facts(totals, this.#explanations.get(connection)?.choice)
    const ownId = id ?? this.#ids.next()
    if (isWritten) this.#access.write(ownId, facts, ending)
    if (isTold) this.#events!.tell('record', toFinalRecord(ownId, facts, ending))
  }
}
