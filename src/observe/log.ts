/**
 * The log: pino JSON lines on stdout, pretty on a terminal. Written in the background, flushed at exit.
 */
import { type Logger, pino } from 'pino'
import pretty from 'pino-pretty'

/** What this program needs of a logger; a pino logger is one. */
export type Log = Pick<Logger, 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'isLevelEnabled'> & {
  /** Least level that is logged. Where it can be set, operators can set it. */
  level?: string
}

export interface LogOptions {
  readonly level: string
}

/** A logger on stdout: for people where stdout is a terminal, JSON lines elsewhere. */
export function createLog({ level }: LogOptions): Log {
  if (process.stdout.isTTY) {
    return pino(
      { level },
      pretty({ colorize: true, ignore: 'pid,hostname', translateTime: 'HH:MM:ss.l', sync: true }),
    )
  }
  return pino({ level }, pino.destination({ dest: 1, sync: false }))
}
