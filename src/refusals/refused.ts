/**
 * Why a client gets no backend, as far as the client is told. It never learns which limit, list or backend it was. Pure.
 */
import type { ErrorStatus } from '../websocket/error-answer.js'

/**
 * `denied`: a list, a ban or a route keeps it out. `unknown`: nothing here has the name that it asks for. `too-many`: a limit
 * is reached. `unavailable`: no backend can serve it at the moment.
 */
export const REASONS = ['denied', 'unknown', 'too-many', 'unavailable'] as const

export type Reason = (typeof REASONS)[number]

export interface Refused {
  readonly reason: Reason
  /** What a client that speaks HTTP gets. */
  readonly status: ErrorStatus
  /** When the client may come again, in seconds. Only HTTP can say it. */
  readonly retryAfterSeconds: number
}

/** One language in which a client can be told no. */
export interface Language {
  /** All bytes that the client gets before the FIN. */
  bytes(refused: Refused): Buffer
  /** The same in words, for people. */
  shown(reason: Reason): string
}
