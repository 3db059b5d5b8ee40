/** What a proxy tells the program that it is part of. Types only. */
import type { Judgement } from '../../cluster/health/active-verdicts.js'
import type { ConnectionRecord } from '../../observe/records/record.js'
import type { LiveConnection } from '../live-connection.js'

/** `reason` and the other words are those of docs/health.md. They are undefined if nothing is known. */
export interface BackendNews {
  readonly cluster: string
  /** The address as in the config. */
  readonly backend: string
  readonly judgedBy: Judgement['judgedBy'] | undefined
  /** Such as `L4CON`. */
  readonly reason: string | undefined
  readonly detail: string | undefined
}

export interface BackendDown extends BackendNews {
  /** It is skipped for this long, in ms. 0: until a check or its agent says that it is up. */
  readonly restMs: number
}

/** What a listener gets, by the name of the event. */
export interface ProxyEventMap {
  /** A client has come, and is not turned away at once. */
  readonly connection: LiveConnection
  /** A connection is over. Each connection has one record, whatever `log.access` says, without its filters and its `redact`. */
  readonly record: ConnectionRecord
  readonly backendDown: BackendDown
  readonly backendUp: BackendNews
}

export type ProxyEventName = keyof ProxyEventMap
export type ProxyEventListener<Name extends ProxyEventName> = (event: ProxyEventMap[Name]) => unknown

export interface RecordsOptions {
  /** How many records wait for a slow reader at most: 1 to 100,000. Default 1000. */
  readonly most?: number | undefined
}

/** Records from the call of `records` until the proxy ends, for one `for await`. */
export interface RecordReader extends AsyncIterable<ConnectionRecord> {
  /** Records that were left out because too many waited. */
  readonly missed: number
}
