/**
 * What operators can ask for and order, as plain data. The command, the HTTP API, the library and the
 * supervisor's channel to its workers all use these types. `faults.ts` has what can be wrong with an order.
 */
import type { Change } from '../config/changes/change.js'

export const CONNECTION_SORTS = ['rate', 'bytes', 'age', 'idle'] as const
export const SOURCE_SORTS = ['connections', 'rate', 'bytes'] as const
export type SourceSort = (typeof SOURCE_SORTS)[number]
export const BACKEND_STATES = ['up', 'drain', 'maint'] as const
export type BackendState = (typeof BACKEND_STATES)[number]
/** The answers to an operator who asks for a state that cannot be set. */
const NO_ORDERS: ReadonlyMap<unknown, string> = new Map([
  [
    'down',
    'down is what millrace finds out by itself: use drain (no new connections) or maint (out of service)',
  ],
  ['ready', "ready is HAProxy's word: use up"],
])
/** Why this state cannot be set, and what to use. Undefined: nothing is known of it. */
export const explainNoOrder = (state: unknown): string | undefined => NO_ORDERS.get(state)
/** How many connections or sources a list has at most, and by default. */
export const MOST_LISTED = 1000
export const DEFAULT_LISTED = 100
export const MOST_WEIGHT = 1000

/** A connection matches if every given field matches. */
export interface ConnectionFilter {
  readonly ids?: readonly string[] | undefined
  readonly listener?: string | undefined
  readonly cluster?: string | undefined
  /** The address as in the config. */
  readonly backend?: string | undefined
  /** Addresses such as `10.0.0.0/8`, `192.0.2.1` or `unix`. */
  readonly client?: string | undefined
  /** `KEY=VALUE`, or a key with any value: of the tags of the listener and of a route function. */
  readonly tag?: string | undefined
  /** Matches connections that moved no byte for at least this many ms. */
  readonly idleForMs?: number | undefined
  /** Matches connections that were accepted at least this many ms ago. */
  readonly olderThanMs?: number | undefined
}

export interface ConnectionQuery extends ConnectionFilter {
  /** The order of the list, the highest first. Default `rate`. */
  readonly sort?: (typeof CONNECTION_SORTS)[number] | undefined
  /** How many connections the list has at most: 1 to 1000. Default 100. */
  readonly limit?: number | undefined
}

export interface SourceQuery {
  /** `process`, `listener/NAME` or `cluster/NAME`. Default: every scope with limits of sources. */
  readonly scope?: string | undefined
  /** The order of the list, the highest first. Default `connections`. */
  readonly sort?: SourceSort | undefined
  /** How many sources the list has at most: 1 to 1000. Default 100. */
  readonly limit?: number | undefined
}

export interface DrainOptions {
  /**
   * ms until the connections that are left are cut, at most 24 days. 0: they are never cut. Default in the
   * library: the config's `drainMs`. Default for operators: no deadline, and the answer comes at once with
   * the number of connections that are left.
   */
  readonly deadlineMs?: number | undefined
  /**
   * ms before the deadline in which connections are ended one after another, so that not all clients come
   * back at once. Each one gets FIN in a moment when nothing of it is in flight. At most the deadline. 0: no
   * connection is ended before the deadline. Default: half of the time until the deadline.
   */
  readonly spreadMs?: number | undefined
}

/**
 * At most one of `listener`, `cluster`, and `cluster` with `backend`. None: everything, as when a process
 * ends.
 */
export interface DrainOrder extends DrainOptions {
  /** This listener accepts no clients until somebody opens it again. A reload does not. */
  readonly listener?: string | undefined
  /** The backends of this cluster get no new connections until they are set `up` again. */
  readonly cluster?: string | undefined
  /** The address as in the config. This backend gets no new connections until it is set `up` again. */
  readonly backend?: string | undefined
}

/** New clients of the cluster wait, and get a backend after the release, or when the time is over. */
export interface HoldOrder {
  readonly cluster: string
  /** ms until the hold ends by itself: 1 to 24 days. */
  readonly maxMs: number
  /** Also drains the connections that are there, within `maxMs` and the config's `drainMs`. Default: they go on. */
  readonly end?: boolean | undefined
}

/** At least one of both fields. */
export interface BackendChange {
  /**
   * `drain`: the backend gets no new connections, and open ones go on. `maint`: the same, and open ones are
   * drained within the config's `drainMs`, in the background. `up`: the backend gets its share again.
   */
  readonly state?: BackendState | undefined
  /** The backend's share of new connections: 0 to 1000. 0: none. */
  readonly weight?: number | undefined
}

/** The shortest prefixes of networks that are banned without `all`. A shorter one may be a typo. */
export const WIDEST_BAN = { ipv4: 8, ipv6: 16 } as const
export const MOST_WHY_CHARS = 200

export interface BanOrder {
  /**
   * An address or a network, such as `192.0.2.1` or `2001:db8::/32`. An address means its source: so many of its bits count as
   * `limits.perSource` says, by default 32 of IPv4 and 64 of IPv6. `/32` or `/128` behind an address means only this address.
   */
  readonly client: string
  /** ms until the ban ends: 1 to 24 days. */
  readonly forMs: number
  /** For the log and the list of bans: at most 200 characters. Default: empty. */
  readonly why?: string | undefined
  /** Resets the open connections of these clients too. Default: they go on. */
  readonly end?: true | undefined
  /** Needed for a network that is wider than /8, or /16 of IPv6. */
  readonly all?: true | undefined
}

export interface UnbanOrder {
  /**
   * An address or a network that is banned. An address also means its source. Undefined: every ban ends, whoever has begun
   * it.
   */
  readonly client?: string | undefined
}

export interface BanQuery {
  /** Lists only bans that this address or network falls under, and bans inside it. */
  readonly client?: string | undefined
  /** How many bans the list has at most: 1 to 1000. Default 100. */
  readonly limit?: number | undefined
}

/** How fast one connection may be, in bytes per second: 1 KiB to 1 TiB. 0: no limit. At least one of both fields. */
export interface RateOrder {
  /** From the client to the backend. Undefined: as before. */
  readonly up?: number | undefined
  /** From the backend to the client. Undefined: as before. */
  readonly down?: number | undefined
}

/** The lowest and the highest rate, in bytes per second. */
export const LEAST_RATE = 1024
export const MOST_RATE = 1024 ** 4

export const LISTENER_STATES = ['up', 'drain'] as const

export interface ListenerChange {
  /** `drain`: the listener accepts no clients, whatever a reload says, and open connections go on. `up`: it accepts clients again. */
  readonly state: (typeof LISTENER_STATES)[number]
}

/** Changes to the running config: all or none. */
export interface ChangeOrder {
  readonly changes: readonly Change[]
  /** Also drains the connections of backends and clusters that it removes, within the config's `drainMs`. Default: they go on. */
  readonly end?: boolean | undefined
}

/** The most changes of one order. */
export const MOST_ORDERED_CHANGES = 1000

/**
 * An order as callers give it. An order that names nothing may be a mistake, so `all` says that everything is
 * meant.
 */
export type FromOutside<Order> = Order & { readonly all?: true | undefined }
