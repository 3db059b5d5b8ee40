/**
 * Where lines of a log go, and in which form: usually unchanged to a file or to another program, and as formatted text to a terminal. stdout
 * is one place for everybody who writes there, and is never closed.
 */
import { createRequire } from 'node:module'
import { isatty } from 'node:tty'
import type { LogFormat } from '../../config/schemas/log-schema.js'
import { escapeJson } from '../../escape.js'
import { type ConnectionFacts, type RecordEnding, toRecord } from '../records/record.js'
import { RecordLine } from '../records/record-line.js'
import { priorityOf, withPriority } from './journald.js'
import { jsonLine, LEVELS } from './json-line.js'
import { openFile, openFileLater, openStdout, type Target } from './log-target.js'
import { type RecordTally, Sink } from './sink.js'
import { visibleLine } from './visible-line.js'

type Pretty = typeof import('pino-pretty')

export const RECORD_MESSAGE = 'connection'

/** The message of a record of a connection that has not ended. */
export const OPEN_MESSAGE = 'connection is open'

/** `ended` is undefined while the connection is open. False: the record is lost. */
export type WriteRecord = (
  id: string,
  facts: ConnectionFacts,
  ended: RecordEnding | undefined,
  tally: RecordTally,
) => boolean

export const messageOf = (ended: RecordEnding | undefined): string =>
  ended === undefined ? OPEN_MESSAGE : RECORD_MESSAGE

export interface PlaceOptions {
  /** The file to append to. Default: stdout. */
  readonly file?: string | undefined
  /** Default: `pretty` on a terminal, else `json`. */
  readonly format?: LogFormat | undefined
}

export interface LogPlace {
  /** Writes a line of pino's. */
  write(line: string): void
  /** False: the record is lost, because nobody reads the log fast enough. */
  readonly record: WriteRecord
  /**
   * Continues in a new file of the same path. Rejects with `log-failed`, and then the old file stays open.
   */
  reopen(): Promise<void>
  /** Resolves when all lines so far are in their file. */
  flush(): Promise<void>
  /** Resolves when everything is written. Later lines are lost. */
  close(): Promise<void>
}

const STDOUT = 1

let stdout: Sink | undefined

/** Appends to `file`. Undefined: stdout. Throws `log-failed` if the file cannot be appended to. */
export function openPlace({ file, format }: PlaceOptions): LogPlace {
  return file === undefined ? stdoutPlace(format) : filePlace(file, openFile(file), format)
}

/** The same, without waiting for the disk. */
export async function openPlaceLater({ file, format }: PlaceOptions): Promise<LogPlace> {
  return file === undefined ? stdoutPlace(format) : filePlace(file, await openFileLater(file), format)
}

function stdoutPlace(format: LogFormat = isatty(STDOUT) ? 'pretty' : 'json'): LogPlace {
  stdout ??= new Sink(openStdout())
  const sink = stdout
  return { ...FORMS[format](sink), reopen: async () => {}, flush: () => sink.flush(), close: async () => {} }
}

function filePlace(path: string, target: Target, format: LogFormat = 'json'): LogPlace {
  const sink = new Sink(target)
  let reopened: Promise<unknown> = Promise.resolve()
  return {
    ...FORMS[format](sink),
    reopen: () => {
      const opened = reopened.then(async () => sink.switchTo(await openFileLater(path)))
      reopened = opened.catch(() => {})
      return opened
    },
    flush: () => sink.flush(),
    close: () => sink.close(),
  }
}

type Form = (sink: Sink) => Pick<LogPlace, 'write' | 'record'>

const FORMS: Readonly<Record<LogFormat, Form>> = {
  json: (sink) => forPrograms(sink, new RecordLine(), escapeJson),
  journald: (sink) => forPrograms(sink, new RecordLine(priorityOf(LEVELS.info)), withPriority),
  pretty: forTerminal,
}

function forPrograms(sink: Sink, line: RecordLine, show: (line: string) => string): ReturnType<Form> {
  sink.show = show
  return {
    write: (text) => void sink.write(show(text), 'other'),
    record: (id, facts, ended, tally) => {
      const { bytes, length } = line.write(id, facts, ended)
      return sink.writeBytes(bytes, length, 'record', tally)
    },
  }
}

/** Only here pino-pretty is loaded. A bundle may not have it. Then people get the JSON lines. */
function forTerminal(sink: Sink): ReturnType<Form> {
  try {
    return forPeople(sink, createRequire(import.meta.url)('pino-pretty'))
  } catch {
    return FORMS.json(sink)
  }
}

/** A record is one line here too. */
function forPeople(sink: Sink, { isColorSupported, prettyFactory }: Pretty): ReturnType<Form> {
  const options = { ignore: 'pid,hostname', translateTime: 'HH:MM:ss.l', singleLine: true }
  const colorize = isColorSupported && isatty(sink.fd)
  const format = prettyFactory({ colorize, ...options })
  const show = (line: string): string => format(visibleLine(line)) ?? ''
  sink.show = show
  return {
    write: (line) => void sink.write(show(line), 'other'),
    record: (id, facts, ended, tally) => {
      const line = jsonLine('info', toRecord(id, facts, ended), messageOf(ended))
      return sink.write(show(line), 'record', tally)
    },
  }
}
