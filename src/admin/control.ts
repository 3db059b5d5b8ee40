/**
 * What an operator can see and do, as plain data in and plain data out: one proxy answers it in its own process, a
 * supervisor by asking its workers. The HTTP API, the command and the status page all stand on this.
 */
import type { BackendStatus } from '../cluster/backend.js'
import type { LogLevel } from '../config/input.js'
import type { NotSplicing } from '../io/engine.js'
import type { RecordEnding } from '../observe/record.js'
import type { ProxyStatus } from '../observe/status.js'
import type { DrainResult } from '../proxy/drain.js'
import type { DrainOrder, Reloaded } from '../proxy/proxy.js'

export interface Control {
  status(): Promise<ProxyStatus>
  /** Cheap, however many connections there are. */
  readiness(): Promise<Readiness>
  connections(query: ConnectionQuery): Promise<ConnectionList>
  /** Ends with a reset, whatever is in flight. An empty filter is everybody. */
  kill(filter: ConnectionFilter): Promise<Killed>
  /** Resolves when nothing of what was asked for is left. Draining everything ends the process afterwards. */
  drain(order: DrainOrder): Promise<DrainResult>
  /** Rejects with `unknown-name` where there is no such backend. */
  changeBackend(cluster: string, backend: string, change: BackendChange): Promise<BackendStatus>
  setLogLevel(level: LogLevel): Promise<{ readonly level: LogLevel }>
  /** Opens the log files anew, after something has moved them away. */
  reopenLogs(): Promise<void>
  /** Rejects with `config-invalid`, `config-unreadable` or `listen-failed`: then nothing has changed. */
  reload(): Promise<Reloaded>
}

export interface Readiness {
  /** It takes new connections on every listener, and no drain has begun. */
  readonly isReady: boolean
  /** `ready`, or what is missing. */
  readonly why: string
}

/** All that is given must hold. */
export interface ConnectionFilter {
  readonly ids?: readonly string[] | undefined
  readonly listener?: string | undefined
  readonly cluster?: string | undefined
  /** As configured. */
  readonly backend?: string | undefined
  /** Addresses such as `10.0.0.0/8`, `192.0.2.1` or `unix`. */
  readonly client?: string | undefined
  /** No byte has moved for this long, in ms. */
  readonly idleForMs?: number | undefined
  /** Accepted at least this long ago, in ms. */
  readonly olderThanMs?: number | undefined
}

export interface ConnectionQuery extends ConnectionFilter {
  /** Most first. Default `rate`. */
  readonly sort?: 'rate' | 'bytes' | 'age' | 'idle' | undefined
  /** 1 to 1000. Default 100. */
  readonly limit?: number | undefined
}

export interface ConnectionList {
  /** How many there are that the filter holds for, shown or not. */
  readonly matched: number
  readonly connections: readonly ConnectionInfo[]
}

export interface ConnectionInfo {
  /** Of its record, too. */
  readonly id: string
  readonly listener: string
  readonly protocol: string
  readonly client: string
  /** Undefined where none was chosen yet. */
  readonly cluster: string | undefined
  readonly backend: string | undefined
  readonly backendAddress: string | undefined
  readonly sni: string | undefined
  /** As in the record. */
  readonly phase: RecordEnding['phase']
  /** ISO 8601. */
  readonly startedAt: string
  readonly ageMs: number
  /** Since a byte last moved, or since the present phase began. */
  readonly idleMs: number
  readonly up: DirectionInfo
  readonly down: DirectionInfo
}

export interface DirectionInfo {
  readonly bytes: number
  readonly splicedBytes: number
  /** Since somebody last looked, at least a second ago; the first time: since it was accepted. */
  readonly bytesPerSecond: number
  /** Undefined before there is a pipe. */
  readonly carrier: 'kernel' | 'copy' | 'stream' | undefined
  /** Why it does not splice at this moment; undefined where it does, and before there is a pipe. */
  readonly notSplicing: NotSplicing | undefined
}

export interface Killed {
  readonly killed: number
}

/** At least one of both. */
export interface BackendChange {
  /**
   * `down`: it gets no new connections, those it has go on. `drain`: the same, and those it has are drained for the
   * config's `drainMs`, in the background. `up`: it gets its share again.
   */
  readonly state?: 'up' | 'down' | 'drain' | undefined
  /** 0 to 1000. 0: no new connections. */
  readonly weight?: number | undefined
}

export type { DrainOrder, DrainResult, Reloaded }
