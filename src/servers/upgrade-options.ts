/** What a user says about upgrades, what its function gets, and what it is told. Plain data, and all of it is public. */
import type { IncomingMessage } from 'node:http'
import type { Address } from '../address.js'
import type { ForwardedMode } from '../config/listener-input.js'
import type { RunningPipe } from '../pipe/join.js'
import type { PipeOptionsOfServers, PipeRecord } from '../pipe/options.js'
import type { Outcome } from './outcome.js'

/** What is known of the client of an upgrade. */
export interface UpgradingClient {
  /** Undefined if it is not known, as on a unix socket. */
  readonly client: Address | undefined
  /** Aborts when the client is gone, or when the time is over. */
  readonly signal: AbortSignal
}

/**
 * Where the WebSocket of this request goes: `host:port`, `[v6]:port`, `unix:/path`. A number from 400 to 599: the client gets this
 * status. Undefined: it gets 404. Anything else, a throw and a rejection are mistakes: it gets 500.
 */
export type UpgradeRoute = (
  request: IncomingMessage,
  about: UpgradingClient,
) => string | number | undefined | Promise<string | number | undefined>

export interface UpgradeOptions extends PipeOptionsOfServers {
  /** How the backend learns who the client is, as `xForwarded` of a listener. Default: `replace`. */
  readonly xForwarded?: ForwardedMode | undefined
  /** Called once for each upgrade, when it is over. What it throws is told by `process.emitWarning`, once. */
  readonly onRecord?: ((record: UpgradeRecord) => void) | undefined
  /** How long one call of `route` may take, in ms. 0: for ever. Default: 5000. */
  readonly functionTimeoutMs?: number | undefined
  /** From the name of the backend to the connection, in ms, for all its addresses together. 0: as long as the system tries. Default: 5000. */
  readonly connectTimeoutMs?: number | undefined
  /** From the connection to the answer of the backend, in ms. An answer other than 101 must be whole by then. 0: for ever. Default: 30000. */
  readonly answerTimeoutMs?: number | undefined
}

/** What became of one upgrade. */
export interface UpgradeRecord {
  readonly outcome: Outcome
  /** What the client got. 101: its WebSocket. */
  readonly status: number
  /** Undefined if it is not known, as on a unix socket. */
  readonly client: Address | undefined
  /** `Host` of the request. Undefined: it has none that can be read. */
  readonly host: string | undefined
  /** Of the request, without its query. */
  readonly path: string | undefined
  /** Of the backend. Undefined: there is no connection to one. */
  readonly address: string | undefined
  /** A few words for people, such as an errno. */
  readonly reason: string | undefined
  /** What your function threw, or what is wrong with what it returned. */
  readonly error: unknown
  /** The record of the pipe, if there was one. */
  readonly pipe: PipeRecord | undefined
  /** From the request to the end. */
  readonly durationMs: number
}

export interface UpgradeHandler {
  /** Those that run. */
  readonly pipes: ReadonlySet<RunningPipe>
  /** Upgrades that come from now on are no longer handled. Those that run go on. */
  remove(): void
}
