/**
 * The logger of a program, as millrace's log. It may be one of pino, `console`, or another one with these methods. Whatever it
 * lacks, millrace does itself, and nothing that it throws goes any further.
 */
import { types } from 'node:util'
import { pino } from 'pino'
import { toRecord } from '../records/record.js'
import type { Log, LogLine, LogOptions, OpenLog, PreparedLog } from './log.js'
import { messageOf, type WriteRecord } from './log-place.js'

/** The logger of a program. It is called with a message, or with fields and a message, as pino is. */
export interface Logger {
  readonly info: LogLine
  readonly warn: LogLine
  readonly error: LogLine
  /** Without it, millrace leaves such lines out. */
  readonly debug?: LogLine
  /** Without it, millrace leaves such lines out. */
  readonly trace?: LogLine
  /** Without it, `level` decides. */
  isLevelEnabled?(level: string): boolean
  /** The lowest level that is logged. If it is a text, operators can set it. Without it, the config's `log.level` decides. */
  level?: unknown
}

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const
type Level = (typeof LEVELS)[number]

/** Where its lines go is the program's affair. `level` is that of the config. */
export const borrowLog = (logger: Logger, level: string): OpenLog => new BorrowedLog(logger, level)

class BorrowedLog implements OpenLog {
  readonly log: Log
  readonly #logger: Logger
  #configured: string
  #level: string
  #hasTold = false

  constructor(logger: Logger, level: string) {
    this.#logger = logger
    this.#configured = level
    this.#level = level
    this.log = this.#adapted()
  }

  readonly record: WriteRecord = (id, facts, ended, tally) => {
    const lost = (): void => {
      tally.written--
      tally.dropped++
    }
    const isWritten = this.#call('info', [toRecord(id, facts, ended), messageOf(ended)], lost)
    if (isWritten) tally.written++
    else tally.dropped++
    return isWritten
  }

  async reopen(): Promise<void> {}

  /** A level that an operator has set stays until the config has another one. */
  async prepare({ level }: LogOptions): Promise<PreparedLog> {
    const take = (): void => {
      if (level !== this.#configured) this.#level = level
      this.#configured = level
    }
    return { take, abandon: () => {} }
  }

  async flush(): Promise<void> {}

  async close(): Promise<void> {}

  #adapted(): Log {
    const [trace, debug, info, warn, error] = LEVELS.map((level) => this.#line(level)) as LogLines
    const isLevelEnabled = (level: string): boolean => this.#isEnabled(level)
    const log = { trace, debug, info, warn, error, isLevelEnabled, level: '' }
    return Object.defineProperty(log, 'level', {
      get: () => this.#ownLevel() ?? this.#level,
      set: (level: string) => this.#setLevel(level),
    })
  }

  #line(level: Level): LogLine {
    return (...line: unknown[]) => {
      if (this.#isEnabled(level)) this.#call(level, line)
    }
  }

  /** False: the line is lost. `lost`: it is lost later, because the logger is asynchronous and has rejected. */
  #call(level: Level, line: readonly unknown[], lost?: () => void): boolean {
    return this.#ask(() => {
      const write = this.#logger[level]
      if (write === undefined) return true
      const written: unknown = Reflect.apply(write, this.#logger, line)
      if (types.isPromise(written))
        written.catch((error) => {
          lost?.()
          this.#failed(error)
        })
      return true
    }, false)
  }

  #isEnabled(level: string): boolean {
    return this.#ask(() => {
      const logger = this.#logger
      if (typeof logger.isLevelEnabled === 'function') return Boolean(logger.isLevelEnabled(level))
      return rankOf(level) >= rankOf(this.#ownLevel() ?? this.#level)
    }, true)
  }

  /** Undefined: it has no level that means something to millrace. */
  #ownLevel(): string | undefined {
    return this.#ask(() => {
      const { level } = this.#logger
      return typeof level === 'string' ? level : undefined
    }, undefined)
  }

  #setLevel(level: string): void {
    const hasOwn = this.#ownLevel() !== undefined
    if (!hasOwn) this.#level = level
    else
      this.#ask(() => {
        this.#logger.level = level
      }, undefined)
  }

  /** Runs code of the program. */
  #ask<Answer>(ask: () => Answer, otherwise: Answer): Answer {
    try {
      return ask()
    } catch (error) {
      this.#failed(error)
      return otherwise
    }
  }

  /** Told once, because the next line would fail in the same way. */
  #failed(error: unknown): void {
    if (this.#hasTold) return
    this.#hasTold = true
    const why = types.isNativeError(error) ? error.message : 'it threw something that is no Error'
    process.emitWarning(`the logger of this program failed, so lines of millrace are lost: ${why}`, {
      code: 'MILLRACE_LOGGER_FAILED',
    })
  }
}

type LogLines = [LogLine, LogLine, LogLine, LogLine, LogLine]

const RANKS = new Map([...Object.entries(pino.levels.values), ['silent', Number.POSITIVE_INFINITY] as const])

/** A level that millrace does not know leaves nothing out. */
const rankOf = (level: string): number => RANKS.get(level) ?? 0
