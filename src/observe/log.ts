/**
 * The log: pino JSON lines on stdout or in a file, pretty on a terminal. Written in the background and never waited for;
 * what could not be written is counted; flushed at exit.
 */
import { closeSync, fstatSync, openSync } from 'node:fs'
import { type DestinationStream, type Logger, pino } from 'pino'
import pretty from 'pino-pretty'
import { MillraceError } from '../errors.js'
import { LineSink } from './line-sink.js'

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

/** A log of our own, and what can be done with it that a log cannot. */
export interface OpenLog {
  readonly log: Log
  /** Records that were lost because nobody took them. */
  droppedRecords(): number
  /** Goes on in a new file, after the old one was moved. Rejects with `log-failed`: then the old one stays. */
  reopen(): Promise<void>
}

const STDOUT = 1
/** Bytes that may wait for a disk. */
const MOST_WAITING_BYTES = 4 * 1024 * 1024
const IS_RECORD = /"msg":"connection"\}\n$/

/** Somebody else's log: what becomes of its lines is their business. */
export function borrowLog(log: Log): OpenLog {
  return { log, droppedRecords: () => 0, reopen: async () => {} }
}

/**
 * A logger on stdout, for people where that is a terminal, JSON lines elsewhere; or in a file.
 *
 * @throws MillraceError `log-failed` where the file cannot be appended to.
 */
export function openLog({ level, file }: LogOptions): OpenLog {
  if (file === undefined && process.stdout.isTTY) return borrowLog(pino({ level }, prettySink()))
  const losses = new Losses()
  const sink = file === undefined ? stdoutSink(losses) : fileSink(file, losses)
  const log = pino({ level }, sink)
  losses.log = log
  return { log, droppedRecords: () => losses.records, reopen: async () => reopen(sink, file) }
}

function prettySink(): DestinationStream {
  return pretty({ colorize: true, ignore: 'pid,hostname', translateTime: 'HH:MM:ss.l', sync: true })
}

/** Lines that nobody took, and the word about them once somebody does again. */
class Losses {
  records = 0
  log: Log | undefined
  #lines = 0

  readonly dropped = (line: string): void => {
    this.#lines++
    if (IS_RECORD.test(line)) this.records++
  }

  readonly caughtUp = (): void => {
    if (this.#lines === 0) return
    const lines = this.#lines
    this.#lines = 0
    this.log?.warn({ lines }, `the log was not taken as fast as it was written: ${lines} lines are lost`)
  }
}

/** A thread that waits for the reader of a pipe would hold up the exit of the process: that has a sink of its own. */
function stdoutSink(losses: Losses): DestinationStream {
  const own = isPipe(STDOUT) ? LineSink.open(STDOUT, losses.dropped, losses.caughtUp) : undefined
  return own ?? backgroundSink(STDOUT, losses)
}

function fileSink(file: string, losses: Losses): Background {
  checkFile(file)
  return backgroundSink(file, losses)
}

type Background = ReturnType<typeof pino.destination>

function backgroundSink(dest: number | string, losses: Losses): Background {
  const sink = pino.destination({ dest, sync: false, append: true, maxLength: MOST_WAITING_BYTES })
  sink.on('drop', losses.dropped)
  sink.on('drain', losses.caughtUp)
  // A full disk: what waits is written as soon as it can be, and what is too much is counted.
  sink.on('error', () => {})
  return sink
}

async function reopen(sink: DestinationStream, file: string | undefined): Promise<void> {
  if (file === undefined) return
  checkFile(file)
  ;(sink as Background).reopen()
}

/** @throws MillraceError `log-failed` */
function checkFile(file: string): void {
  try {
    closeSync(openSync(file, 'a'))
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? String(error)
    throw new MillraceError('log-failed', `cannot append to the log ${JSON.stringify(file)}: ${why}`, {
      cause: error,
    })
  }
}

function isPipe(fd: number): boolean {
  try {
    return fstatSync(fd).isFIFO()
  } catch {
    return false
  }
}
