/**
 * What operators get as answers, as plain data. The status is in `src/observe/status.ts`.
 */
import type { CONNECTION, DIRECTION } from '../status/connection.js'
import type { Told } from '../status/fields.js'

export interface Readiness {
  /** A listener accepts new connections, and no drain of everything runs. */
  readonly isReady: boolean
  /** `ready`, or what is missing. */
  readonly why: string
}

export interface ConnectionList {
  /** How many connections match the filter, listed or not. */
  readonly matched: number
  readonly connections: readonly ConnectionInfo[]
}

export type ConnectionInfo = Told<typeof CONNECTION>
export type DirectionInfo = Told<typeof DIRECTION>

export interface Killed {
  readonly killed: number
}

export interface ServingTier {
  readonly cluster: string
  /** The tier that gets new connections. Undefined: no backend works. */
  readonly servingTier?: number | undefined
}

export interface DrainResult {
  /** Connections that ended by themselves. */
  readonly finished: number
  /** Connections that were closed while nothing of them was in flight. */
  readonly closed: number
  /** Connections that were cut at the deadline. What was in flight is lost. */
  readonly cut: number
  /** Only without a deadline: the connections that go on. The answer does not wait for them. */
  readonly left?: number | undefined
  /** Set if the drain was cancelled before it was done, for some connections or for all. Those go on. */
  readonly cancelled?: true | undefined
}

export interface Reloaded {
  /** Names of what differs from the old config, such as `listeners.web` or `timeouts`. */
  readonly changed: readonly string[]
  /**
   * What differs from the config that the process was started with, and takes effect only after a restart.
   */
  readonly needsRestart: readonly string[]
}
