/**
 * What `status()` answers: facts and figures of one moment, as plain data. The metrics are made of nothing else.
 */
import type { BackendStatus } from '../cluster/backend.js'
import type { NotSplicing } from '../io/engine.js'
import type { NativeCounts } from '../io/native.js'
import type { ListenerStatus } from '../listener/listener.js'
import type { PipeCounters } from '../pipe/options.js'
import type { RecordEnding } from './record.js'

/** Bytes so far, those of running connections included. Up is client to backend. */
export interface Traffic {
  readonly bytesUp: number
  readonly bytesDown: number
  /** Of these, bytes that never entered this process. */
  readonly splicedUp: number
  readonly splicedDown: number
  /** Bytes taken from clients, from backends. What exceeds the bytes that way is under way, or was lost. */
  readonly receivedUp: number
  readonly receivedDown: number
}

export interface ConnectionTotals extends Traffic {
  /** Connections that are not over yet. */
  readonly active: number
  readonly ended: number
}

/** How often connections ended so. */
export interface EndingCount {
  readonly listener: string
  /** Empty where none was chosen. */
  readonly cluster: string
  readonly by: RecordEnding['by']
  readonly phase: RecordEnding['phase']
  /** Without what follows a colon. */
  readonly cause: string
  /** 0 where it can come about and has not yet. */
  readonly count: number
  /** Somebody's failure, not an ordinary end: what `always: [errors]` of the access log is about. */
  readonly isError: boolean
}

/** Of connections that are over and have copied bytes that might have been spliced. */
export interface NotSplicedCount {
  /** Why, without what follows a colon. */
  readonly reason: string
  readonly connections: number
  /** Copied. */
  readonly bytes: number
}

/** How often the connection to this side broke while bytes were moved. */
export interface PipeErrorCount {
  readonly side: 'client' | 'backend'
  /** errno name, or `other`. */
  readonly errno: string
  readonly count: number
}

/** A histogram, in seconds as Prometheus has it. */
export interface HistogramStatus {
  /** Upper bounds, ascending; what is above the last is in one more count. */
  readonly bounds: readonly number[]
  /** Per bucket, not cumulative; one more than there are bounds. */
  readonly counts: readonly number[]
  readonly sum: number
}

export interface ListenerReport extends ListenerStatus {
  /** No config names it any more: it accepts nobody, and is here for connections it had accepted. */
  readonly isLeaving: boolean
  /** Connections that are not over yet. */
  readonly active: number
  readonly accepted: number
  /** Times accepting stopped for a moment because the system was out of fds or memory. */
  readonly acceptPauses: number
  readonly traffic: Traffic
  readonly ended: number
  /** From accept to end. */
  readonly seconds: HistogramStatus
  readonly notSpliced: readonly NotSplicedCount[]
  readonly pipeErrors: readonly PipeErrorCount[]
}

export interface BackendReport extends BackendStatus {
  /** No config names it any more: it gets no new connections, and is here for those it has. */
  readonly isLeaving: boolean
  readonly traffic: Traffic
  readonly connectSeconds: HistogramStatus
  readonly firstByteSeconds: HistogramStatus
}

export interface ClusterReport {
  readonly name: string
  /** No config names it any more: it is here for the connections it has. */
  readonly isLeaving: boolean
  readonly traffic: Traffic
  readonly active: number
  readonly ended: number
  /** Connects that failed before another one succeeded or the connection was given up. */
  readonly retries: number
  /** From the dial to a connected backend. */
  readonly connectSeconds: HistogramStatus
  /** From then to the backend's first byte. */
  readonly firstByteSeconds: HistogramStatus
  readonly backends: readonly BackendReport[]
  /** Those a config once named that have no connection left. Only what they counted means anything. */
  readonly pastBackends: readonly BackendReport[]
}

/** Records (access log) so far. */
export interface RecordCounts {
  readonly written: number
  /** Not wanted by the config, or below the log's level. */
  readonly skipped: number
  /** Lost because the log could not be written as fast. */
  readonly dropped: number
}

export interface ProcessStatus {
  readonly pid: number
  /** CPU time used so far. */
  readonly cpuSeconds: number
  /** Undefined where it cannot be read, as by a process without a file descriptor left. */
  readonly residentBytes: number | undefined
  readonly heapBytes: number
  /** Undefined where the platform does not tell. */
  readonly openFds: number | undefined
  readonly mostFds: number | undefined
}

/** One of `listener`, `cluster`, and `cluster` with `backend`. None: everything. */
export interface DrainScope {
  readonly listener?: string | undefined
  readonly cluster?: string | undefined
  readonly backend?: string | undefined
}

/** A drain that runs. */
export interface DrainStatus {
  readonly scope: DrainScope
  /** Connections that are not over yet. */
  readonly left: number
  /** ISO 8601; undefined: never. */
  readonly deadlineAt: string | undefined
}

export interface ConfigStatus {
  /** Of the last config that was taken up, ISO 8601. */
  readonly loadedAt: string
  readonly reloads: number
  /** Reloads that changed nothing because something was wrong. */
  readonly failedReloads: number
}

export interface ProxyStatus {
  readonly state: 'new' | 'running' | 'draining' | 'stopped'
  readonly version: string
  /** ISO 8601; undefined before. */
  readonly startedAt: string | undefined
  /** Processes these figures are of. */
  readonly workers: number
  /** How many there are to be. */
  readonly workersWanted: number
  /** Of these figures, so many processes' are old: they do not answer. */
  readonly workersSilent: number
  /** Workers that ended without an order. What they counted is still in these figures. */
  readonly workerDeaths: number
  /** What is not the same in all workers, such as `listeners.web`, `backends.db/10.0.0.5:5432` or `logLevel`. */
  readonly workersDiffer: readonly string[]
  /** CPU time of all processes so far, those that are gone included. */
  readonly cpuSeconds: number
  /**
   * How late the timer was that looks after connections: once a second, more often where a timeout is shorter than 4 s,
   * in every process that has any. Undefined where nobody measures.
   */
  readonly eventLoopDelaySeconds: HistogramStatus | undefined
  /** `kernel`: file descriptors of our own and splice(2). `stream`: node:net. */
  readonly engine: 'kernel' | 'stream'
  /** Why this process does not splice; undefined where it does. */
  readonly notSplicing: NotSplicing | undefined
  readonly logLevel: string
  /** Undefined: stdout, or a log of somebody else's. */
  readonly logFile: string | undefined
  /** In the order of the config; then those that are leaving. */
  readonly listeners: readonly ListenerReport[]
  readonly clusters: readonly ClusterReport[]
  /** Those a config once named that have no connection left. Only what they counted means anything. */
  readonly pastListeners: readonly ListenerReport[]
  readonly pastClusters: readonly ClusterReport[]
  readonly connections: ConnectionTotals
  readonly endings: readonly EndingCount[]
  readonly drains: readonly DrainStatus[]
  readonly pipes: Readonly<PipeCounters>
  /** Gauges of the kernel path of this thread; undefined on the stream engine. */
  readonly kernel: NativeCounts | undefined
  readonly records: RecordCounts
  readonly config: ConfigStatus
  readonly processes: readonly ProcessStatus[]
  /** What this platform or build cannot do. */
  readonly unavailable: readonly string[]
}
