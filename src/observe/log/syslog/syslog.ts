/** The log as messages of syslog to one receiver, beside the file or stdout: records and all other lines. */
import { isDeepStrictEqual } from 'node:util'
import type { SyslogConfig } from '../../../config/schemas/syslog-schema.js'
import { escapeJson } from '../../../escape.js'
import { openDatagrams } from '../../../io/datagrams.js'
import { outcomeOf } from '../../endings.js'
import type { ConnectionFacts, RecordEnding } from '../../records/record.js'
import { RecordLine } from '../../records/record-line.js'
import type { SyslogCounts } from '../../status.js'
import { levelOf, SEVERITIES, severityOf } from '../severity.js'
import { cut, headerOf, type MessageId } from './message.js'
import { Outbox } from './outbox.js'

export class Syslog {
  readonly #line = new RecordLine()
  readonly #tally = { sent: 0, dropped: 0, cut: 0 }
  /** Undefined: the log goes to no receiver. */
  #config: SyslogConfig | undefined
  #outbox: Outbox | undefined

  constructor(config: SyslogConfig | undefined) {
    this.use(config)
  }

  /** Later lines go where the new config says. Those that wait still go to the old receiver. */
  use(config: SyslogConfig | undefined): void {
    if (isDeepStrictEqual(config, this.#config)) return
    void this.#outbox?.close()
    this.#config = config
    this.#outbox = config && new Outbox(openDatagrams(config.address), this.#tally)
  }

  /** Sends a line of pino's. */
  write(line: string): void {
    if (this.#config === undefined) return
    this.#send(severityOf(levelOf(line)), 'log', Buffer.from(escapeJson(line)))
  }

  /** `ended` is undefined while the connection is open. */
  record(id: string, facts: ConnectionFacts, ended: RecordEnding | undefined): void {
    if (this.#config === undefined) return
    const { bytes, length } = this.#line.write(id, facts, ended)
    const message = ended === undefined ? 'open' : 'connection'
    this.#send(severityOfRecord(ended), message, bytes.subarray(0, length))
  }

  /** Undefined: the log goes to no receiver, and never went to one. */
  counts(): SyslogCounts | undefined {
    const { sent, dropped } = this.#tally
    return this.#config === undefined && sent + dropped === 0 ? undefined : { ...this.#tally }
  }

  async close(): Promise<void> {
    await this.#outbox?.close()
  }

  /** `line` has its newline, which is no part of the message. */
  #send(severity: number, id: MessageId, line: Buffer): void {
    const { facility, maxBytes } = this.#config!
    const header = headerOf(facility, severity, id, Date.now())
    const message = Buffer.concat([Buffer.from(header), line.subarray(0, line.length - 1)])
    if (message.length > maxBytes) this.#tally.cut++
    this.#outbox?.put(cut(message, maxBytes))
  }
}

/** Of a connection. What nobody has to look at is information. */
function severityOfRecord(ended: RecordEnding | undefined): number {
  const outcome = ended && outcomeOf(ended)
  if (outcome === 'error') return SEVERITIES.warning
  return outcome === 'denied' ? SEVERITIES.notice : SEVERITIES.info
}
