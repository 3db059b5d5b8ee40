/**
 * The log: pino's JSON lines on stdout or in a file, formatted for people on a terminal. Records are lines
 * like any other. They are written without pino, because they are many. All lines may also go to syslog. The level, the file and
 * the receiver of syslog may change while the log is in use.
 */
import { pino } from 'pino'
import type { SyslogConfig } from '../../config/schemas/syslog-schema.js'
import { type LogPlace, openPlace, openPlaceLater, type PlaceOptions, type WriteRecord } from './log-place.js'
import { Syslog } from './syslog/syslog.js'

/** Logs a line with these fields, or without any. */
export interface LogLine {
  (message: string): void
  (fields: object, message: string): void
}

/** The methods that millrace calls. */
export interface Log {
  readonly trace: LogLine
  readonly debug: LogLine
  readonly info: LogLine
  readonly warn: LogLine
  readonly error: LogLine
  isLevelEnabled(level: string): boolean
  /** The lowest level that is logged. If it can be set, operators can set it. */
  level?: string
}

export interface LogOptions extends PlaceOptions {
  readonly level: string
  /** Where every line also goes. Undefined: nowhere. */
  readonly syslog?: SyslogConfig | undefined
}

/** New options of a log. Using them cannot fail any more. */
export interface PreparedLog {
  take(): void
  /** Drops the new options. */
  abandon(): void
}

/** A log, with what millrace can do to it besides logging. */
export interface OpenLog {
  readonly log: Log
  /** The log file. Undefined: the log goes to stdout, or is somebody else's. */
  readonly file?: string | undefined
  /** What has gone to syslog. Undefined: it is somebody else's log. */
  readonly syslog?: Pick<Syslog, 'counts'> | undefined
  /** Writes one line of level `info`. It counts in its tally once it is written or lost. False: it is lost already. */
  readonly record: WriteRecord
  /**
   * Continues in a new file after the old one was moved. Rejects with `log-failed`, and then the old file
   * stays open.
   */
  reopen(): Promise<void>
  /** Prepares other options. Rejects with `log-failed` if a file cannot be appended to. */
  prepare(options: LogOptions): Promise<PreparedLog>
  /**
   * Resolves when all lines so far are in their file, or after a second. Call it before the process exits: an exit keeps the order of
   * lines only if it finds none under way.
   */
  flush(): Promise<void>
  /**
   * Resolves when everything is written. Later lines are lost. stdout stays open for others, so it resolves
   * at once.
   */
  close(): Promise<void>
}

const NOTHING_TO_TAKE: PreparedLog = { take: () => {}, abandon: () => {} }

/** @throws MillraceError `log-failed` if the file cannot be appended to. */
export const openLog = (options: LogOptions): OpenLog => new OwnLog(options)

class OwnLog implements OpenLog {
  readonly log: Log
  readonly syslog: Syslog
  #options: LogOptions
  #place: LogPlace

  constructor(options: LogOptions) {
    this.#options = options
    this.#place = openPlace(options)
    this.syslog = new Syslog(options.syslog)
    this.log = pino({ level: options.level }, { write: (line) => this.#write(line) })
  }

  get file(): string | undefined {
    return this.#options.file
  }

  readonly record: WriteRecord = (id, facts, ended, tally) => {
    this.syslog.record(id, facts, ended)
    return this.#place.record(id, facts, ended, tally)
  }

  async reopen(): Promise<void> {
    try {
      await this.#place.reopen()
    } catch (err) {
      this.log.error({ err }, 'the old log file stays open')
      throw err
    }
  }

  async prepare(options: LogOptions): Promise<PreparedLog> {
    const { file, format } = this.#options
    if (options.file === file && options.format === format)
      return { ...NOTHING_TO_TAKE, take: () => this.#take(options) }
    const place = await openPlaceLater(options)
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

  async flush(): Promise<void> {
    await this.#place.flush()
  }

  async close(): Promise<void> {
    await Promise.all([this.#place.close(), this.syslog.close()])
  }

  #write(line: string): void {
    this.#place.write(line)
    this.syslog.write(line)
  }

  /** A level that an operator has set stays until the config has another one. */
  #take(options: LogOptions): void {
    if (options.level !== this.#options.level) this.log.level = options.level
    this.syslog.use(options.syslog)
    this.#options = options
  }
}
