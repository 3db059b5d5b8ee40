/**
 * The log: pino's JSON lines on stdout or in a file, for people where that is a terminal. Records are lines like any
 * other, made without pino because they are many.
 */
import { isatty } from 'node:tty'
import { type Logger, pino } from 'pino'
import { isColorSupported, prettyFactory } from 'pino-pretty'
import { jsonLine } from './json-line.js'
import { openFile, openStdout, reopenFile } from './log-target.js'
import { type ConnectionFacts, type RecordEnding, toRecord } from './record.js'
import { RecordLine } from './record-line.js'
import { Sink } from './sink.js'

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

/** A log, and what can be done with it that a log cannot. */
export interface OpenLog {
  readonly log: Log
  /** One line of level `info`. False where it is lost, because nobody takes what is written. */
  record(id: string, facts: ConnectionFacts, ended: RecordEnding): boolean
  /** Goes on in a new file, after the old one was moved. Rejects with `log-failed`: then the old one stays. */
  reopen(): Promise<void>
  /** Resolves when everything is written. What is logged later is lost. */
  close(): Promise<void>
}

const STDOUT = 1
const RECORD_MESSAGE = 'connection'

/** One for all who write there; never closed. */
let stdout: OpenSink | undefined

type OpenSink = Pick<OpenLog, 'record'> & { write(line: string): void }

/** Somebody else's log: what becomes of its lines is their business. */
export function borrowLog(log: Log): OpenLog {
  return {
    log,
    record: (...record) => {
      log.info(toRecord(...record), RECORD_MESSAGE)
      return true
    },
    reopen: async () => {},
    close: async () => {},
  }
}

/** @throws MillraceError `log-failed` where the file cannot be appended to. */
export function openLog({ level, file }: LogOptions): OpenLog {
  if (file === undefined) {
    stdout ??= isatty(STDOUT) ? forPeople(new Sink(openStdout())) : forPrograms(new Sink(openStdout()))
    return logTo(stdout, level)
  }
  const sink = new Sink(openFile(file))
  const open = logTo(forPrograms(sink), level)
  let reopened: Promise<unknown> = Promise.resolve()
  return {
    ...open,
    reopen: () => {
      const opened = reopened.then(async () => sink.switchTo(await reopenFile(file)))
      reopened = opened.catch((err: unknown) => open.log.error({ err }, 'the old log file stays open'))
      return opened
    },
    close: () => sink.close(),
  }
}

function logTo({ record, write }: OpenSink, level: string): OpenLog {
  return { log: pino({ level }, { write }), record, reopen: async () => {}, close: async () => {} }
}

function forPrograms(sink: Sink): OpenSink {
  const line = new RecordLine()
  return {
    write: (text) => void sink.write(text, 'other'),
    record: (id, facts, ended) => {
      const { bytes, length } = line.write(id, facts, ended)
      return sink.writeBytes(bytes, length, 'record')
    },
  }
}

/** A record is one line for them, too. */
function forPeople(sink: Sink): OpenSink {
  const options = { ignore: 'pid,hostname', translateTime: 'HH:MM:ss.l', singleLine: true }
  const format = prettyFactory({ colorize: isColorSupported, ...options })
  return {
    write: (text) => void sink.write(format(text) ?? '', 'other'),
    record: (...record) =>
      sink.write(format(jsonLine('info', toRecord(...record), RECORD_MESSAGE)) ?? '', 'record'),
  }
}
