/** A `server` or an `upstream` of nginx while it is read. Plain data. */
import type { Fields } from '../draft.js'
import type { ServerSays } from '../haproxy/proxy-draft.js'
import type { Line } from '../place.js'

export interface Listen {
  readonly line: Line
  readonly addresses: readonly string[]
  readonly fields: Fields
  readonly isTls: boolean
}

export interface AccessRule {
  readonly line: Line
  readonly action: 'allow' | 'deny'
  /** A range, or `all`. */
  readonly range: string
}

export interface ServerDraft {
  readonly line: Line
  readonly listens: Listen[]
  /** Keys of each of its listeners. */
  readonly listener: Fields
  /** Keys of the cluster that it connects to. */
  readonly cluster: Fields
  readonly access: AccessRule[]
  readonly certificates: { cert: string; key: string }[]
  /** TLS to the backends is on. */
  hasTlsToBackends: boolean
  /** Proxies that may name clients. */
  readonly realIpFrom: string[]
  pass: { readonly line: Line; readonly target: string } | undefined
  /** The `limit_conn_zone` of each name: its key. */
  readonly zones: ReadonlyMap<string, string>
}

export interface UpstreamDraft {
  readonly cluster: Fields
  readonly servers: ServerSays[]
}

/** A `map` block: a variable that follows from another one. */
export interface MapDraft {
  readonly line: Line
  readonly of: string
  readonly entries: readonly { readonly key: string; readonly value: string; readonly line: Line }[]
  readonly hasHostNames: boolean
}
