/** What is asked of a cluster that is to dial, and what comes of it. */
import type { ResolvedAddress } from '../address.js'
import type { Socket } from '../io/socket.js'
import type { Backend } from './backend.js'
import type { BalanceRequest } from './balance/request.js'

export interface DialOptions {
  /** How long one connect may take, and at most a wait for a name or for file descriptors. 0: for ever. */
  readonly connectMs: number
}

/** A connection that wants a backend. */
export interface DialRequest extends DialOptions, BalanceRequest {}

/** A dial under way. */
export interface Dialling {
  /** Gives up: `done` will not be called, and a connect on its way leaves nothing behind. */
  cancel(): void
}

export interface Dialled {
  readonly socket: Socket
  /** Counts this connection as active until its `release` is called. */
  readonly backend: Backend
  readonly address: ResolvedAddress
  /** Connects that failed before this one. */
  readonly retries: number
  readonly error?: undefined
}

export interface DialFailed {
  /**
   * errno name of the last connect. Without any: EHOSTDOWN where an operator has taken every backend out of use,
   * ENOTFOUND where none has an address, ETIMEDOUT where one was waited for, ECANCELED where the cluster was stopped.
   */
  readonly error: string
  /** Tried last; undefined where none could be tried. */
  readonly backend: Backend | undefined
  readonly retries: number
  readonly socket?: undefined
}

export type DialResult = Dialled | DialFailed
