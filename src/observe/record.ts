/**
 * The record: the final facts of one connection, one JSON line for every ending. Plain data and its making;
 * writing it is the logger's business.
 */
import type { NotSplicing } from '../io/engine.js'
import type { PipeCause } from '../pipe/options.js'
import { terminationCode } from './termination.js'

export type EndCause =
  | PipeCause
  /** Every backend refused or could not be reached. */
  | 'no-backend'
  /** The last backend tried did not answer within `connectMs`. */
  | 'connect-timeout'
  /** Out of file descriptors or memory for a connection to a backend. */
  | 'out-of-resources'
  /** The client went away before a backend was there. */
  | 'client-gone'

export interface RecordEnding {
  readonly by: 'client' | 'backend' | 'proxy'
  /** `connect`: no backend yet. `data`: both sides were joined. */
  readonly phase: 'connect' | 'data'
  readonly cause: EndCause
  /** errno name of what broke, where something did. */
  readonly errno?: string | undefined
  /** Of a half-closed timeout: the side that had not finished. */
  readonly waitedFor?: 'client' | 'backend' | undefined
}

/** What a connection knows about itself at its end. Times in ms. */
export interface ConnectionFacts {
  readonly id: string
  /** ms since 1970. */
  readonly acceptedAt: number
  readonly listener: string
  readonly tags: Readonly<Record<string, string>>
  readonly client: string
  readonly cluster: string
  /** The backend as configured, and the address it was reached at; undefined when none was. */
  readonly backend: string | undefined
  readonly backendAddress: string | undefined
  readonly retries: number
  /** From accept to a connected backend, from then to the backend's first byte; undefined when never. */
  readonly connectMs: number | undefined
  readonly firstByteMs: number | undefined
  readonly totalMs: number
  /** Smoothed round-trip times in µs (TCP_INFO); undefined off Linux, without the addon and on unix sockets. */
  readonly clientRttMicros: number | undefined
  readonly backendRttMicros: number | undefined
  readonly bytesUp: number
  readonly bytesDown: number
  readonly splicedUp: number
  readonly splicedDown: number
  readonly notSplicing: NotSplicing | undefined
  readonly ended: RecordEnding
}

/** The line as it is logged: stable names, whole numbers where fractions mean nothing. */
export function toRecord(facts: ConnectionFacts): Record<string, unknown> {
  const { acceptedAt, connectMs, firstByteMs, totalMs, clientRttMicros, backendRttMicros, ...rest } = facts
  return {
    ...rest,
    startedAt: new Date(acceptedAt).toISOString(),
    protocol: 'TCP',
    timings: { connectMs: round(connectMs), firstByteMs: round(firstByteMs), totalMs: round(totalMs) },
    rttMicros: { client: clientRttMicros, backend: backendRttMicros },
    termination: terminationCode(facts.ended),
  }
}

const round = (ms: number | undefined): number | undefined =>
  ms === undefined ? undefined : Math.round(ms * 1000) / 1000
