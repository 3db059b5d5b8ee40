/** What a user says about a forward server, what its functions get, and what it tells. Plain data, and all of it is public. */
import type { Server } from 'node:net'
import type { Address } from '../address.js'
import type { RunningPipe } from '../pipe/join.js'
import type { PipeOptionsOfServers, PipeRecord } from '../pipe/options.js'
import type { Outcome } from './outcome.js'

/** What a client asks for. */
export interface AskedConnection {
  /** A host name in lower case without a dot at its end, or an IP address in its one spelling, without brackets. */
  readonly host: string
  /** 1 to 65535. */
  readonly port: number
  /** Undefined if it is not known, as on a unix socket. */
  readonly client: Address | undefined
  /** The user whom `authenticate` has accepted. Undefined: there is no such function. */
  readonly user: string | undefined
  /** Aborts when the client is gone, or when the time is over. */
  readonly signal: AbortSignal
}

/** Lets a client through, also to some addresses that are not public. */
export interface Allowance {
  /** Networks such as `10.0.0.0/8`, whose addresses the host may have. Addresses that are public it may always have. */
  readonly networks: readonly string[]
}

/** What a client says about itself. */
export interface GivenCredentials {
  readonly user: string
  readonly password: string
  /** Undefined if it is not known, as on a unix socket. */
  readonly client: Address | undefined
  /** Aborts when the client is gone, or when the time is over. */
  readonly signal: AbortSignal
}

export interface ForwardServerOptions extends PipeOptionsOfServers {
  /**
   * Says whether a client gets the connection that it asks for. True: yes, if the host has a public address. An `Allowance`: also
   * if it has an address of these networks. False: no. Anything else, a throw and a rejection are mistakes: no.
   */
  allow(asked: AskedConnection): boolean | Allowance | Promise<boolean | Allowance>
  /** Says whether user and password are right. Without it, the server asks nobody who he is. */
  readonly authenticate?: ((given: GivenCredentials) => boolean | Promise<boolean>) | undefined
  /** Called once for each request, when it is over. What it throws is told by `process.emitWarning`, once. */
  readonly onRecord?: ((record: ForwardRecord) => void) | undefined
  /** From the accept to the end of the request, in ms. 0: for ever. Default: 10000. */
  readonly requestTimeoutMs?: number | undefined
  /** How long one call of `allow` or `authenticate` may take, in ms. 0: for ever. Default: 5000. */
  readonly functionTimeoutMs?: number | undefined
  /** From the name of the host to the connection, in ms, for all its addresses together. 0: as long as the system tries. Default: 5000. */
  readonly connectTimeoutMs?: number | undefined
}

/** What became of one request. */
export interface ForwardRecord {
  readonly outcome: Outcome
  /** Undefined if it is not known, as on a unix socket. */
  readonly client: Address | undefined
  /** `host:port`. Undefined: the client sent nothing that says that. */
  readonly target: string | undefined
  /** Whom the client says that it is. `wrong-credentials` says that it is not true. */
  readonly user: string | undefined
  /** `ip:port` of the backend. Undefined: there is no connection. */
  readonly address: string | undefined
  /** A few words for people: an errno, or why an address is not allowed. */
  readonly reason: string | undefined
  /** What a function of yours threw, or what is wrong with what it returned. */
  readonly error: unknown
  /** The record of the pipe, if there was one. */
  readonly pipe: PipeRecord | undefined
  /** From the request to the end. */
  readonly durationMs: number
}

export const DEFAULT_TIMEOUTS = {
  requestTimeoutMs: 10_000,
  functionTimeoutMs: 5000,
  connectTimeoutMs: 5000,
} as const

/** A `net.Server`, and the pipes of its clients. Node no longer counts a client that has its connection. */
export type ForwardServer = Server & {
  /** Those that run. `close()` of the server leaves them alone. */
  readonly pipes: ReadonlySet<RunningPipe>
}
