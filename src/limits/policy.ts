/**
 * What a config says about limits: of the whole proxy, of one listener, of one cluster. Plain data and types only. Nothing
 * here counts or decides.
 */

/** A number of connections per second, and how many may come at once. */
export interface Rate {
  /** More than 0. It can be a fraction. */
  readonly perSecond: number
  /** Connections that may come at once after a silence. At least 1. */
  readonly burst: number
}

/** Bytes per second. Up is client to backend. 0: no limit. */
export interface ByteRates {
  readonly up: number
  readonly down: number
}

/** The limits of each client address by itself. */
export interface SourceLimits {
  /** How many leading bits of a client's address count as one source. */
  readonly prefix4: number
  readonly prefix6: number
  /** 0: no limit. */
  readonly maxConnections: number
  readonly newPerSecond: Rate | undefined
  /** Shared by all connections of the source. */
  readonly bytesPerSecond: ByteRates | undefined
  /** Both directions together, in one day of UTC. 0: no limit. */
  readonly bytesPerDay: number
}

/** The limits of each connection by itself. */
export interface ConnectionLimits {
  readonly bytesPerSecond: ByteRates | undefined
  /** Both directions together. 0: no limit. */
  readonly maxBytes: number
}

/** `wait`: clients wait for a place. `refuse`: they are told that there is none. */
export type WhenFull = 'wait' | 'refuse'

/**
 * How a refused client is told. `reset`: a TCP reset. `close`: FIN. `auto`: an answer in the protocol that its first bytes
 * show. `mysql`, `smtp`: an answer in this protocol, whose clients wait for the server to speak first.
 */
export type RefuseAs = 'reset' | 'close' | 'auto' | 'mysql' | 'smtp'

/** What every scope can limit. */
export interface Limits {
  /** 0: no limit. */
  readonly maxConnections: number
  readonly newPerSecond: Rate | undefined
  /** Shared by all connections of the scope. */
  readonly bytesPerSecond: ByteRates | undefined
  readonly perSource: SourceLimits | undefined
  readonly perConnection: ConnectionLimits | undefined
  /** About `maxConnections` and `newPerSecond` of the scope. A source that has its limit never waits. */
  readonly whenFull: WhenFull
  /** Undefined: as the wider scope says. `reset` if none says it. */
  readonly refuseAs: RefuseAs | undefined
  /** Nobody is refused, slowed down or made to wait. millrace counts and logs whom it would have been. */
  readonly dryRun: boolean
}

/** Addresses, and files of addresses. */
export interface AccessList {
  /** As `AddressSet` takes them. With `!` before it, an exception. */
  readonly addresses: readonly string[]
  readonly files: readonly string[]
}

/** A source that was refused too often is banned in this scope for a while. */
export interface BanPolicy {
  /** So many refusals within `withinMs` are needed. */
  readonly after: number
  readonly withinMs: number
  readonly forMs: number
}

/** What listeners and the whole proxy can say besides: they decide before a byte is read. */
export interface AccessLimits extends Limits {
  /** Undefined: everybody may come in. */
  readonly allow: AccessList | undefined
  readonly deny: AccessList | undefined
  /** Undefined: nobody is banned by itself. */
  readonly ban: BanPolicy | undefined
}

export interface ListenerLimits extends AccessLimits {}

/** Limits of all workers together. */
export interface ProcessLimits extends AccessLimits {
  /** How many sources millrace remembers, each once in each scope that counts it. */
  readonly sources: number
  /** Which connections may be ended when file descriptors or memory run out. Undefined: none. */
  readonly evictIdle: { readonly afterMs: number } | undefined
}

export interface ClusterLimits extends Limits {
  /** How long a client waits for a place. 0: for ever. */
  readonly queueMs: number
  /** How many clients may wait. 0: no limit. */
  readonly queueLength: number
}
