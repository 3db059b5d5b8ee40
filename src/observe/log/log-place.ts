/**
 * Where lines of a log go: unchanged to a file or to another program, as formatted text to a terminal. stdout
 * is one place for everybody who writes there, and is never closed.
 */
import { createRequire } from 'node:module'
import { isatty } from 'node:tty'
import { escapeJson } from '../../escape.js'
import { type ConnectionFacts, type RecordEnding, toRecord } from '../records/record.js'
import { RecordLine } from '../records/record-line.js'
import { jsonLine } from './json-line.js'
import { openFile, openFileLater, openStdout, type Target } from './log-target.js'
import { Sink } from './sink.js'
import { visibleLine } from './visible-line.js'

type Pretty = typeof import('pino-pretty')

export const RECORD_MESSAGE = 'connection'

export type WriteRecord = (id: string, facts: ConnectionFacts, ended: RecordEnding) => boolean

export interface LogPlace {
  /** Writes a line of pino's. */
  write(line: string): void
  /** False: the record is lost, because nobody reads the log fast enough. */
  readonly record: WriteRecord
  /**
   * Continues in a new file of the same path. Rejects with `log-failed`, and then the old file stays open.
   */
  reopen(): Promise<void>
  /** Resolves when everything is written. Later lines are lost. */
  close(): Promise<void>
}

const STDOUT = 1

let stdout: LogPlace | undefined

/** Appends to `file`. Undefined: stdout. Throws `log-failed` if the file cannot be appended to. */
export function openPlace(file: string | undefined): LogPlace {
  return file === undefined ? stdoutPlace() : filePlace(file, openFile(file))
}

/** The same, without waiting for the disk. */
export async function openPlaceLater(file: string | undefined): Promise<LogPlace> {
  return file === undefined ? stdoutPlace() : filePlace(file, await openFileLater(file))
}

function stdoutPlace(): LogPlace {
  const never = { reopen: async () => {}, close: async () => {} }
  stdout ??= { ...(isatty(STDOUT) ? forTerminal : forPrograms)(new Sink(openStdout())), ...never }
  return stdout
}

function filePlace(path: string, target: Target): LogPlace {
  const sink = new Sink(target)
  let reopened: Promise<unknown> = Promise.resolve()
  return {
    ...forPrograms(sink),
    reopen: () => {
      const opened = reopened.then(async () => sink.switchTo(await openFileLater(path)))
      reopened = opened.catch(() => {})
      return opened
    },
    close: () => sink.close(),
  }
}

function forPrograms(sink: Sink): Pick<LogPlace, 'write' | 'record'> {
  const line = new RecordLine()
  return {
    write: (text) => void sink.write(escapeJson(text), 'other'),
    record: (id, facts, ended) => {
      const { bytes, length } = line.write(id, facts, ended)
      return sink.writeBytes(bytes, length, 'record')
    },
  }
}

/** Only here pino-pretty is loaded. A bundle may not have it. Then a terminal gets the JSON lines. */
function forTerminal(sink: Sink): Pick<LogPlace, 'write' | 'record'> {
  try {
    return forPeople(sink, createRequire(import.meta.url)('pino-pretty'))
  } catch {
    return forPrograms(sink)
  }
}

/** A record is one line here too. */
function forPeople(
  sink: Sink,
  { isColorSupported, prettyFactory }: Pretty,
): Pick<LogPlace, 'write' | 'record'> {
  const options = { ignore: 'pid,hostname', translateTime: 'HH:MM:ss.l', singleLine: true }
  const format = prettyFactory({ colorize: isColorSupported, ...options })
  const show = (line: string): string => format(visibleLine(line)) ?? ''
  return {
    write: (line) => void sink.write(show(line), 'other'),
    record: (...record) => sink.write(show(jsonLine('info', toRecord(...record), RECORD_MESSAGE)), 'record'),
  }
}
