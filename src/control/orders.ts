/**
 * What operators can ask for and order, as plain data: the command, the HTTP API, the library and the supervisor's channel
 * to its workers all speak of these. What can be wrong with one is in `faults.ts`.
 */
export const CONNECTION_SORTS = ['rate', 'bytes', 'age', 'idle'] as const
export const BACKEND_STATES = ['up', 'drain', 'maint'] as const
export type BackendState = (typeof BACKEND_STATES)[number]
/** For an operator who asks for it. */
export const DOWN_IS_NO_ORDER =
  'down is what millrace finds out by itself: use drain (no new connections) or maint (out of service)'
/** Connections in a list: the most, and how many where nobody says. */
export const MOST_LISTED = 1000
export const DEFAULT_LISTED = 100
export const MOST_WEIGHT = 1000

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
  readonly sort?: (typeof CONNECTION_SORTS)[number] | undefined
  /** 1 to 1000. Default 100. */
  readonly limit?: number | undefined
}

export interface DrainOptions {
  /**
   * Connections still running after this many ms, at most 24 days, are cut. 0: they never are. Default: in the library the
   * config's `drainMs`; for operators none, and the answer comes at once and says how many are left.
   */
  readonly deadlineMs?: number | undefined
  /**
   * For this many ms before the deadline connections are ended one after another, each with FIN in a moment when
   * nothing of it is in flight, so that not all of them come back at once. At most the deadline. Default: half
   * of it. 0: nobody is told anything before.
   */
  readonly spreadMs?: number | undefined
}

/** At most one of `listener`, `cluster`, and `cluster` with `backend`. None: everything, as when a process ends. */
export interface DrainOrder extends DrainOptions {
  /** It accepts no more, until a reload opens it again. */
  readonly listener?: string | undefined
  /** Its backends get no new connections, until they are set `up` again. */
  readonly cluster?: string | undefined
  /** The address as configured. It gets no new connections, until it is set `up` again. */
  readonly backend?: string | undefined
}

/** At least one of both. */
export interface BackendChange {
  /**
   * `drain`: it gets no new connections, those it has go on. `maint`: the same, and those it has are drained within the
   * config's `drainMs`, in the background. `up`: it gets its share again.
   */
  readonly state?: BackendState | undefined
  /** 0 to 1000. 0: no new connections. */
  readonly weight?: number | undefined
}

/** An order as callers give it. One that names nothing may be a slip: `all` says that everything is meant. */
export type FromOutside<Order> = Order & { readonly all?: true | undefined }
