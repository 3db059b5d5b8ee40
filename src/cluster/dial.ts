/** What a caller asks of a cluster for a dial, and what the cluster answers. */
import type { Address, ResolvedAddress } from '../address.js'
import type { Socket } from '../io/socket.js'
import type { ForwardProxyOptions } from '../via/forward-proxy.js'
import type { Backend } from './backend.js'
import type { BalanceRequest } from './balance/request.js'
import type { Through } from './dialer.js'
import type { Explanation } from './explanation.js'

/** The error of a dial for which all backends are down, so that none was tried. */
export const ALL_DOWN = 'ALL_DOWN'
/** The error of a dial for a client that a limit of the cluster refuses. */
export const REFUSED = 'REFUSED'
/** The error of a dial for a client that may not have the server that it asks for. */
export const NOT_ALLOWED = 'NOT_ALLOWED'
/** The error of a connect that was not made, because it would lead back to a listener that its connection has passed. */
export const LOOP = 'LOOP'

export interface DialOptions {
  /** How long one connect may take, in ms. A wait for a name or for fds takes no longer. 0: for ever. */
  readonly connectMs: number
}

/** A connection that wants a backend. */
export interface DialRequest extends DialOptions, BalanceRequest {
  /** Is told why which backend was chosen. Undefined: nobody asks. */
  readonly explanation?: Explanation | undefined
  /** Takes a place in the limits of the cluster. Undefined: it has none. It is asked again when its turn comes. */
  enter?(): Entry
  /** It waits in the queue from now on. */
  queued?(): void
  /** Host of the first request, and the port if it names one. Undefined: no request was read. */
  readonly authority?: string | undefined
  /** The client gets this backend and no other. Undefined: the cluster chooses. */
  readonly decided?: DecidedBackend | undefined
}

/** A backend that is in no config: somebody has decided on it for one client. */
export interface DecidedBackend {
  readonly address: Address
  /** Undefined: the connect goes the way of all connects of the cluster. */
  readonly via: ForwardProxyOptions | undefined
  /** With how many other connections of the backend this client is refused. 0: never. Other decisions may say another number. */
  readonly maxConnections: number
}

/** `wait`: there is no place at the moment. `refused`: there is none for this client, and the connection knows why. */
export type Entry = 'in' | 'wait' | 'refused'

/** A server that a client has asked for. */
export interface NamedServer {
  /** Host and port. */
  readonly name: string
  readonly host: string
}

/** A dial in progress. */
export interface Dialling {
  /** How long it has waited in the queue so far, in ms. Undefined: it was never queued. */
  readonly queuedMs?: number | undefined
  /** Whether it waits there, or has come no further. */
  readonly isQueued?: boolean
  /** It has not taken its place in the limits of the cluster yet. */
  readonly mustEnter?: boolean
  /** Gives up. `done` is not called afterwards, and a connect in progress leaves nothing behind. */
  cancel(): void
}

export interface Dialled {
  readonly socket: Socket
  /** Counts this connection as active until its `release` is called. */
  readonly backend: Backend
  readonly address: ResolvedAddress
  /** In a cluster that dials the servers that clients ask for. Undefined: the backend is the server. */
  readonly server?: NamedServer | undefined
  /** How many connects failed before this one. */
  readonly retries: number
  /** Undefined: a direct connection. */
  readonly via?: Through | undefined
  readonly error?: undefined
}

export interface DialFailed {
  /**
   * QUEUE_TIMEOUT if the client waited in vain for a place, QUEUE_FULL if it may not wait or had to leave the queue for another
   * client, REFUSED if a limit of the cluster refuses it. Else the errno name of the last connect. If there was none: EHOSTDOWN if an operator has taken every backend out,
   * NOT_ALLOWED if the client may not have the server that it asks for, LOOP if the last backend leads back to millrace, ALL_DOWN if all are down and none may be tried, ENOTFOUND if no backend has an address, ETIMEDOUT if the wait for an address was too long, ECANCELED if
   * the cluster was stopped.
   */
  readonly error: string
  /** With NOT_ALLOWED: why. */
  readonly notAllowed?: string | undefined
  /** The backend that was tried last. Undefined if none could be tried. */
  readonly backend: Backend | undefined
  readonly retries: number
  /** The forward proxy of the last dial. Undefined: it was a direct one, or there was none. */
  readonly via?: Through | undefined
  readonly address?: undefined
  readonly socket?: undefined
}

export type DialResult = Dialled | DialFailed
