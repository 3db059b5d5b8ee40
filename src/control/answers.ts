/**
 * What operators are answered, as plain data. The status is in `src/observe/status.ts`.
 */
import type { NotSplicing } from '../io/engine.js'
import type { RecordEnding } from '../observe/record.js'

export interface Readiness {
  /** It takes new connections on every listener, and no drain has begun. */
  readonly isReady: boolean
  /** `ready`, or what is missing. */
  readonly why: string
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

export interface DrainResult {
  /** Connections that ended by themselves. */
  readonly finished: number
  /** Connections ended in order: nothing of them was in flight. */
  readonly closed: number
  /** Connections that were cut at the deadline: something was in flight, which is lost. */
  readonly cut: number
  /** Set where it was called off before it was done, for some connections or for all: those go on. */
  readonly cancelled?: true | undefined
}

export interface Reloaded {
  /** Names of what differs from the config before, such as `listeners.web` or `timeouts`. */
  readonly changed: readonly string[]
  /** What is different from what the process was started with, and only takes effect when it is started again. */
  readonly needsRestart: readonly string[]
}
