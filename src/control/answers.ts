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

export interface Banned {
  /** What is banned: the network that the order gives, or the source of the address. */
  readonly network: string
  /** ISO 8601. */
  readonly until: string
  /** Connections that were reset. Undefined: the order did not ask for it. */
  readonly killed?: number | undefined
  /**
   * Listeners that trust a proxy of this network. They do not turn away the proxy itself, only clients of this network that it
   * names.
   */
  readonly trustedBy: readonly string[]
}

export interface Unbanned {
  /** Bans that have ended. */
  readonly unbanned: number
}

export interface BanInfo {
  readonly network: string
  /** Undefined: the ban is for all listeners. */
  readonly listener?: string | undefined
  /** `limit`: a `ban` of the config. */
  readonly by: 'operator' | 'limit'
  readonly why: string
  /** ISO 8601. It moves if somebody sets the clock of the machine. `leftMs` does not. */
  readonly until: string
  readonly leftMs: number
  /** Clients that were turned away. */
  readonly refused: number
}

export interface BanList {
  /** How many bans match, listed or not. */
  readonly matched: number
  /** The one that has turned away the most clients comes first. */
  readonly bans: readonly BanInfo[]
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
