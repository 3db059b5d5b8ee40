/**
 * What you can ask of a pipe, and what it tells you when it ends. It is plain data, and all of it is public.
 */
import { DEFAULTS, type HalfClose, type SpliceMode } from '../defaults.js'
import type { NotSplicing } from '../io/not-splicing.js'
import type { RunQueue } from '../io/run-queue.js'
import type { PIPES } from '../status/data-path.js'
import type { Counters } from '../status/fields.js'
import type { PipeLimits } from './throttle.js'

export interface PipeTimeouts {
  /** The pipe ends if no byte moves either way for this long, in ms. Default 600000 (10 min). 0: never. */
  readonly idleTimeoutMs: number
  /**
   * After one direction has finished: how long no byte may move in the other before the pipe ends, in ms.
   * Default 30000. 0: for ever. It measures silence, as HAProxy's `timeout client-fin` does. So it does not
   * cut a long answer to a half-closed client.
   */
  readonly halfClosedTimeoutMs: number
  /** The pipe ends this long after it began, in ms, whatever it does. Default 0: never. */
  readonly maxLifetimeMs: number
}

export interface PipeSettings extends PipeTimeouts {
  /** `auto` copies small messages and splices bulk. `on` always splices. `off` never does. Default `auto`. */
  readonly splice: SpliceMode
  /**
   * What happens when one side has ended. `propagate` (default): the other direction stays open. `close`: the
   * whole pipe ends as soon as nothing is in flight either way. That is for backends that mark the end of an
   * answer by closing.
   */
  readonly halfClose: HalfClose
}

/** Each may be left out or undefined. */
type Given<Settings> = { readonly [Name in keyof Settings]?: Settings[Name] | undefined }

/** All fields are optional. `PipeSettings` and `PipeTimeouts` say the defaults. */
export interface PipeOptions extends Given<PipeSettings> {
  /**
   * Bytes already read from `client`, such as the `head` of Node's 'connect' and 'upgrade' events. They go
   * first. Default: none.
   */
  readonly head?: Uint8Array | undefined
  /** Bytes already read from `backend`. They go first. Default: none. */
  readonly backendHead?: Uint8Array | undefined
  /** When it aborts, the pipe ends as `close()` ends it. The record has the signal's reason. Default: none. */
  readonly signal?: AbortSignal | undefined
  /**
   * Whether millrace may take plain sockets from Node. False: both stay Node streams until the end, with 'end', 'close', `bytesRead` and
   * `bytesWritten`. Then millrace copies all bytes. Default true.
   */
  readonly adopt?: boolean | undefined
}

/** The options that the servers of the library pass on to their pipes. */
export type PipeOptionsOfServers = Omit<PipeOptions, 'head' | 'backendHead' | 'signal' | 'adopt'>

/** What happened, from the call of `pipe` to the end. */
export interface PipeRecord extends PipeTotals {
  /** How the pipe ended, and who ended it. */
  readonly ended: PipeEnded
  readonly durationMs: number
  /** Address and port of the peer behind `client`. Undefined if the stream has none, as a unix socket. */
  readonly client: string | undefined
  /** The same for `backend`. */
  readonly backendAddress: string | undefined
}

export interface PipeEnded extends PipeEnding {
  /** What broke the stream, if the cause is `reset` and the stream knows. A socket that millrace has taken over has none. */
  readonly error?: Error
  /** The reason of the signal that ended the pipe. The cause is `ordered` then. */
  readonly reason?: unknown
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

/** What a group of pipes shares. */
export interface PipeHost {
  readonly runQueue: RunQueue
  readonly settings: PipeSettings
  readonly counters: PipeCounters
  /** Only of a pipe that has limits, which has a host of its own. */
  readonly limits?: PipeLimits | undefined
}

/** Bytes already read from either side. They go first. */
export interface Heads {
  readonly client?: Buffer | undefined
  readonly backend?: Buffer | undefined
}

/** The owner of a pipe. */
export interface PipeOwner {
  /** The backend's first byte has arrived. Called at most once. */
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
  /** A side reset the connection, or the connection broke. `errno` says how. */
  | 'reset'
  | 'idle-timeout'
  | 'half-closed-timeout'
  | 'lifetime'
  /** It moved as many bytes as its limits allow. */
  | 'quota'
  /** All connections of its client moved as many bytes as they may today. */
  | 'source-limit: bytes-today'
  | OrderedCause
  /** It stayed ready without progress: a bug of millrace. The pipe was cut to keep the process alive. */
  | 'infinite-loop'

/** Our side asked for the end. */
export type OrderedCause =
  /** `close()` of a pipe, `stop()` of a proxy, or `end()` of one of its connections. */
  | 'ordered'
  /** A drain ended it: in a quiet moment, or at the drain's deadline. */
  | 'drained'
  /** An operator ended it. */
  | 'killed'
  /** File descriptors or memory ran out, and it had been idle longer than others. */
  | 'evicted'
  /** Its backend is down. */
  | 'backend-down'
  /** A backend of an earlier tier works again. */
  | 'backend-recovered'

export interface PipeEnding {
  /** Who ended the pipe. For an ordinary end: who ended first. */
  readonly by: 'client' | 'backend' | 'proxy'
  readonly cause: PipeCause
  /** errno name if the cause is `reset`. */
  readonly errno?: string | undefined
  /**
   * For an idle or half-closed timeout. If bytes were stuck, it is the side that did not take them.
   * Otherwise, for a half-closed timeout, it is the side that had not finished.
   */
  readonly waitedFor?: 'client' | 'backend' | undefined
}

/** Byte counts of a pipe, while it runs and at its end. Up is client to backend. */
export interface PipeTotals {
  readonly bytesUp: number
  readonly bytesDown: number
  /** How many of these bytes never entered this process. */
  readonly splicedUp: number
  readonly splicedDown: number
  /** Bytes taken from client and backend. What exceeds `bytesUp` and `bytesDown` is under way or lost. */
  readonly receivedUp: number
  readonly receivedDown: number
  /** Why bytes were copied that might have been spliced. Undefined if there is no reason to tell. */
  readonly notSplicing: NotSplicing | undefined
}

/** What has moved since the totals were `before`. */
export function movedSince(before: PipeTotals, now: PipeTotals): PipeTotals {
  return {
    bytesUp: now.bytesUp - before.bytesUp,
    bytesDown: now.bytesDown - before.bytesDown,
    receivedUp: now.receivedUp - before.receivedUp,
    receivedDown: now.receivedDown - before.receivedDown,
    splicedUp: now.splicedUp - before.splicedUp,
    splicedDown: now.splicedDown - before.splicedDown,
    notSplicing: now.notSplicing,
  }
}

/** The totals of a pipe that has not begun. */
export const NOTHING_MOVED: PipeTotals = {
  bytesUp: 0,
  bytesDown: 0,
  receivedUp: 0,
  receivedDown: 0,
  splicedUp: 0,
  splicedDown: 0,
  notSplicing: undefined,
}
