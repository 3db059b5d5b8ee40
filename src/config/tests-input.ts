/**
 * The tests in a config: clients, and what must become of each. `millrace check` runs them without a socket. An unknown key, a
 * missing key or a value out of range is an error. docs/config.md lists the same keys.
 */

/** What must become of a client. */
export type ExpectInput =
  /** `rejected`: it gets no backend. `waits`: it waits at its listener or in the queue of a cluster. */
  | 'rejected'
  | 'waits'
  | {
      /** The client goes to this cluster. */
      readonly cluster?: string | undefined
      /** It is rejected for this cause, as `ended.cause` of its record tells it. The text before the colon is enough. */
      readonly rejected?: string | undefined
    }

/** A client. Without a key that says what it sends, it sends what its listener needs, or nothing. */
export interface TestInput {
  /** The name of the listener to which it connects. Default: the only listener. */
  readonly listener?: string | undefined
  /** The address from which it connects: an IP address, or `unix`. Default 192.0.2.1, and `unix` at a unix socket. */
  readonly from?: string | undefined
  /** The IP address of the client that a PROXY header names. It comes before all other bytes. Default: no header. */
  readonly proxyHeader?: string | undefined
  /** The client speaks TLS. Default: it does with `sni` or `alpn`. Without these and `speaks`: if the listener has `tls`. */
  readonly tls?: boolean | undefined
  /** The server name in its ClientHello. Default: none. */
  readonly sni?: string | undefined
  /** The protocols that it offers by ALPN. Default: none. */
  readonly alpn?: string | readonly string[] | undefined
  /** What its first bytes begin, as in `routes[].speaks`. `nothing`: it sends nothing. */
  readonly speaks?: string | undefined
  /** The host of its request. Default: `sni`, or `localhost`. Only where the protocol is `http`. */
  readonly host?: string | undefined
  /** The path of its request. Default `/`. */
  readonly path?: string | undefined
  /** Further fields of its request. Default: none. */
  readonly fields?: Readonly<Record<string, string>> | undefined
  /** The request asks for WebSocket. Default false. */
  readonly websocket?: boolean | undefined
  /** The user that a Postgres client names. Default `postgres`. Only with `startTls: postgres`. */
  readonly user?: string | undefined
  /** The database that a Postgres client names. Default: the user. */
  readonly database?: string | undefined
  /** So many clients alike connect, and all of them stay. The test is about the last one. 1 to 10,000. Default 1. */
  readonly nth?: number | undefined
  readonly expect: ExpectInput
}
