/**
 * The log: pino's JSON lines on stdout or in a file, for people where that is a terminal. Records are lines like any
 * other, made without pino because they are many. Level and file may change while it is written to.
 */
import { type Logger, pino } from 'pino'
import { toRecord } from '../records/record.js'
import { type LogPlace, openPlace, openPlaceLater, RECORD_MESSAGE, type WriteRecord } from './log-place.js'

/** What this program needs of a logger; a pino logger is one. */
export type Log = Pick<Logger, 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'isLevelEnabled'> & {
  /** Least level that is logged. Where it can be set, operators can set it. */
  level?: string
}

export interface LogOptions {
  readonly level: string
  /** To append to. Default: stdout. */
  readonly file?: string | undefined
}

/** Other options that can be taken up now, without anything that may fail. */
export interface PreparedLog {
  take(): void
  /** They are not taken up after all. */
  abandon(): void
}

/** A log, and what can be done with it that a log cannot. */
export interface OpenLog {
  readonly log: Log
  /** Where it goes, unless to stdout or to somebody else. */
  readonly file?: string | undefined
  /** One line of level `info`. False where it is lost, because nobody takes what is written. */
  readonly record: WriteRecord
  /** Goes on in a new file, after the old one was moved. Rejects with `log-failed`: then the old one stays. */
  reopen(): Promise<void>
  /** Gets other options ready. Rejects with `log-failed` where a file cannot be appended to. */
  prepare(options: LogOptions): Promise<PreparedLog>
  /** Resolves when everything is written; what is logged later is lost. Of stdout at once: it goes on for others. */
  close(): Promise<void>
}

const NOTHING_TO_TAKE: PreparedLog = { take: () => {}, abandon: () => {} }

/** Somebody else's log: what becomes of its lines, and from what level on, is their business. */
export function borrowLog(log: Log): OpenLog {
  return {
    log,
    record: (...record) => {
      log.info(toRecord(...record), RECORD_MESSAGE)
      return true
    },
    reopen: async () => {},
    prepare: async () => NOTHING_TO_TAKE,
    close: async () => {},
  }
}

/** @throws MillraceError `log-failed` where the file cannot be appended to. */
export const openLog = (options: LogOptions): OpenLog => new OwnLog(options)

class OwnLog implements OpenLog {
  readonly log: Log
  #options: LogOptions
  #place: LogPlace

  constructor(options: LogOptions) {
    this.#options = options
    this.#place = openPlace(options.file)
    this.log = pino({ level: options.level }, { write: (line) => this.#place.write(line) })
  }

  get file(): string | undefined {
    return this.#options.file
  }

  readonly record: WriteRecord = (id, facts, ended) => this.#place.record(id, facts, ended)

  async reopen(): Promise<void> {
    try {
      await this.#place.reopen()
    } catch (err) {
      this.log.error({ err }, 'the old log file stays open')
      throw err
    }
  }

  async prepare(options: LogOptions): Promise<PreparedLog> {
    if (options.file === this.#options.file) return { ...NOTHING_TO_TAKE, take: () => this.#take(options) }
    const place = await openPlaceLater(options.file)
    return {
      take: () => {
        const before = this.#place
        this.#place = place
        this.#take(options)
        void before.close()
      },
      abandon: () => void place.close(),
    }
  }

  close(): Promise<void> {
    return this.#place.close()
  }

  /** A level that an operator has set stays until the config has another one. */
  #take(options: LogOptions): void {
    if (options.level !== this.#options.level) this.log.level = options.level
    this.#options = options
  }
}
