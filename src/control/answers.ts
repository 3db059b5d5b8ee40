/**
 * What operators are answered, as plain data. The status is in `src/observe/status.ts`.
 */
import type { CONNECTION, DIRECTION } from '../status/connection.js'
import type { Told } from '../status/fields.js'

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

export type ConnectionInfo = Told<typeof CONNECTION>
export type DirectionInfo = Told<typeof DIRECTION>

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
  /** Set where there was no deadline: connections that are there and go on. The answer does not wait for them. */
  readonly left?: number | undefined
  /** Set where it was called off before it was done, for some connections or for all: those go on. */
  readonly cancelled?: true | undefined
}

export interface Reloaded {
  /** Names of what differs from the config before, such as `listeners.web` or `timeouts`. */
  readonly changed: readonly string[]
  /** What is different from what the process was started with, and only takes effect when it is started again. */
  readonly needsRestart: readonly string[]
}
