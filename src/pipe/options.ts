/**
 * What a pipe is asked to do, and what it answers when it ends. Plain data: everything here is public.
 */
import { DEFAULTS, type HalfClose, type SpliceMode } from '../defaults.js'
import type { NotSplicing } from '../io/not-splicing.js'
import type { RunQueue } from '../io/run-queue.js'
import type { PIPES } from '../status/data-path.js'
import type { Counters } from '../status/fields.js'

export interface PipeTimeouts {
  /** No byte moved in either direction for this long, in ms. Default 600000 (10 minutes). 0: never. */
  readonly idleTimeoutMs: number
  /**
   * One direction has finished and no byte moved in the other for this long, in ms. Default 30000. 0: never.
   * It counts silence, as HAProxy's client-fin does, so that a long answer to a half-closed client is not cut.
   */
  readonly halfClosedTimeoutMs: number
  /** The pipe ends this long after it began, in ms, whatever it does. Default 0: never. */
  readonly maxLifetimeMs: number
}

export interface PipeSettings extends PipeTimeouts {
  /** `auto` copies small messages and splices bulk, `on` always splices, `off` never does. Default `auto`. */
  readonly splice: SpliceMode
  /**
   * `propagate` (default): an end one way never closes the other way. `close`: once one side has ended and
   * nothing is in flight either way, the whole pipe ends, for backends that mark an answer's end by closing.
   */
  readonly halfClose: HalfClose
}

export const DEFAULT_SETTINGS: PipeSettings = {
  splice: DEFAULTS.splice,
  halfClose: DEFAULTS.halfClose,
  idleTimeoutMs: DEFAULTS.idleMs,
  halfClosedTimeoutMs: DEFAULTS.halfClosedMs,
  maxLifetimeMs: DEFAULTS.lifetimeMs,
}

/** Totals over many pipes. */
export type PipeCounters = Counters<typeof PIPES>

/** What pipes have in common that live in the same place. */
export interface PipeHost {
  readonly runQueue: RunQueue
  readonly settings: PipeSettings
  readonly counters: PipeCounters
}

/** Who has a pipe. */
export interface PipeOwner {
  /** The backend's first byte has come. Called at most once. */
  backendAnswered?(): void
  /** Called once, just before both sockets are closed. */
  pipeEnded(ending: PipeEnding): void
}

export function createPipeCounters(): PipeCounters {
  return {
    promotions: 0,
    demotions: 0,
    urgentFallbacks: 0,
    pipesRefused: 0,
    splicesRefused: 0,
    infiniteLoops: 0,
    sinkFull: 0,
  }
}

export type PipeCause =
  /** Both directions ended with FIN, or one did and `halfClose` is `close`. */
  | 'finished'
  /** A side reset the connection or it broke; `errno` says how. */
  | 'reset'
  | 'idle-timeout'
  | 'half-closed-timeout'
  | 'lifetime'
  | OrderedCause
  /** It stayed ready without progress: a bug of ours, cut to keep the process alive. */
  | 'infinite-loop'

/** Somebody on our side asked for the end. */
export type OrderedCause =
  /** `close()` of a pipe, or `stop()` of a proxy. */
  | 'ordered'
  /** A drain: in a quiet moment, or at its deadline. */
  | 'drained'
  /** An operator. */
  | 'killed'

export interface PipeEnding {
  /** Whose doing it was. Of an ordinary end: who ended first. */
  readonly by: 'client' | 'backend' | 'proxy'
  readonly cause: PipeCause
  /** errno name where the cause is `reset`. */
  readonly errno?: string | undefined
  /**
   * Of an idle or half-closed timeout: the side that took nothing of what was under way; of a half-closed one, else,
   * the side that had not finished.
   */
  readonly waitedFor?: 'client' | 'backend' | undefined
}

/** Byte counts of a pipe, while it runs and at its end. Up is client to backend. */
export interface PipeTotals {
  readonly bytesUp: number
  readonly bytesDown: number
  /** Of these, bytes that never entered this process. */
  readonly splicedUp: number
  readonly splicedDown: number
  /** Bytes taken from the client, from the backend. What exceeds `bytesUp`, `bytesDown` is under way, or was lost. */
  readonly receivedUp: number
  readonly receivedDown: number
  /** Why bytes were copied that might have been spliced; undefined where splice did its part. */
  readonly notSplicing: NotSplicing | undefined
}

/** Of a pipe that has not begun. */
export const NOTHING_MOVED: PipeTotals = {
  bytesUp: 0,
  bytesDown: 0,
  receivedUp: 0,
  receivedDown: 0,
  splicedUp: 0,
  splicedDown: 0,
  notSplicing: undefined,
}
