/**
 * What operators get as answers, as plain data. The status is in `src/observe/status.ts`.
 */
import type { KeptChange } from '../config/changes/change.js'
import type { CONNECTION, DIRECTION } from '../status/connection.js'
import type { Told } from '../status/fields.js'

export interface Readiness {
  /** A listener accepts new connections, and no drain of everything runs. */
  readonly isReady: boolean
  /** `ready`, or what is missing. */
  readonly why: string
  /** Clients wait, and a resource is missing that the whole process needs for them. */
  readonly isShort?: boolean
}

export interface ConnectionList {
  /** How many connections match the filter, listed or not. */
  readonly matched: number
  readonly connections: readonly ConnectionInfo[]
}

export type ConnectionInfo = Told<typeof CONNECTION>
export type DirectionInfo = Told<typeof DIRECTION>

export interface SourceList {
  /** Whether all workers count together. If not, a figure is the sum of what each of them counts. */
  readonly isShared: boolean
  /** How many sources are known, listed or not. A source counts once in each scope. */
  readonly matched: number
  readonly sources: readonly SourceInfo[]
}

/** What one client address has of the limits of a scope. */
export interface SourceInfo {
  /** `process`, `listener/NAME` or `cluster/NAME`. */
  readonly scope: string
  /** Such as `192.0.2.1` or `2001:db8::/64`. */
  readonly source: string
  /** Connections that are open. */
  readonly connections: number
  /** Connections that came in the last second. */
  readonly newPerSecond: number
  /** Both directions together, since 0:00 UTC. 0 if no limit counts them. */
  readonly bytesToday: number
}

export interface Killed {
  readonly killed: number
}

export interface Limited {
  /** The connection, by its id. */
  readonly id: string
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

export interface Held {
  readonly cluster: string
  /** Connections to the cluster that are there. They go on, or are drained if the order says so. */
  readonly connections: number
}

export interface Released {
  readonly cluster: string
  /** Clients that have waited for the release. */
  readonly waited: number
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
  /** What has become of changes at run time. Undefined: there are none. */
  readonly changes?: ChangesAtReload | undefined
}

export interface ChangedListener {
  readonly name: string
  /** With the port in use. */
  readonly address: string
  readonly isListening: boolean
  /** Its connections. They go on. */
  readonly active: number
}

/** Changes at run time, as texts such as `add backend app/10.0.0.5:80`. */
export interface ChangesAtReload {
  /** They hold, and the config file does not have them. */
  readonly kept: readonly string[]
  /** The config file has them by now, so they are changes no longer. */
  readonly ended: readonly string[]
  /** They do not fit the config file, so they have no effect. Each with the reason. */
  readonly aside: readonly string[]
}

/** What has become of changes that were ordered, as texts such as `add backend app/10.0.0.5:80`. */
export interface Changed {
  readonly done: readonly string[]
  /** Nothing had to be done: what they add is there, with the same values. */
  readonly unchanged: readonly string[]
}

/** How the running config differs from the config file as it is now. */
export interface Difference {
  readonly isSame: boolean
  /** Changes at run time, in the order in which they were made. */
  readonly changes: readonly ChangeInfo[]
  /** Names of what the file says otherwise than when it was loaded, such as `clusters.app`. A reload takes it up. */
  readonly notLoaded: readonly string[]
  /** Names of what only a restart or an upgrade would take up from the file. */
  readonly needsRestart: readonly string[]
  /** Why the file cannot be compared. Undefined: it can. */
  readonly problem?: string | undefined
}

export interface ChangeInfo {
  /** Such as `add backend app/10.0.0.5:80`. */
  readonly text: string
  readonly change: KeptChange
  /** Why it has no effect. Undefined: it has. */
  readonly aside?: string | undefined
}

/** The process that serves from now on. */
export interface Upgraded {
  readonly pid: number
  readonly version: string
  /** From the order until it serves, in ms. */
  readonly tookMs: number
  /** ms of these in which nobody accepted. Clients waited. */
  readonly pausedMs: number
}
