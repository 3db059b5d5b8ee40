/**
 * What a route function is given: a client that has come, as far as is known, and ways to learn more from its first
 * bytes without taking them.
 */
import type { Address } from '../address.js'
import type { ClientHello } from '../peek/client-hello.js'
import type { StartUp } from '../postgres/start-up.js'
import type { ProxyHeader } from '../proxy-protocol/header.js'

/** A decision against a client. */
export interface Rejection {
  readonly isRejected: true
  /** For the record. */
  readonly reason: string | undefined
}

export interface Visitor {
  /** Who the client is: as `clientFrom` says, else a PROXY header, else the connection. Undefined where none could tell. */
  readonly client: Address | undefined
  /** Name of the listener it came to. */
  readonly listener: string
  /** What the connection began with, where the listener has `acceptProxy`; undefined where it came without. */
  readonly proxyHeader: ProxyHeader | undefined
  /** Of a listener with `tls`, after the handshake. */
  readonly tls: TlsFacts | undefined
  /** Of a listener with `protocol: http`. */
  readonly request: RequestFacts | undefined
  /** Of a listener with `startTls: postgres`; undefined where the client's TLS passes through. */
  readonly startUp: StartUp | undefined
  /**
   * The client's TLS ClientHello, or undefined where it does not speak TLS. Waits for as much as is needed. Rejects,
   * and the connection ends if you let it, where the hello is broken, too slow (`firstBytesMs`) or cut short.
   */
  clientHello(): Promise<ClientHello | undefined>
  /**
   * The first `bytes` bytes (1 to 16,384) once they have come, or fewer where the client sends no more. Where TLS
   * ends here they are what it said inside. Rejects as `clientHello`; RangeError where `bytes` is out of range.
   */
  peek(bytes: number): Promise<Buffer>
  /** To be returned: turns the client away, with `reason` in the record. */
  reject(reason?: string): Rejection
}

/** What a finished TLS handshake has settled. */
export interface TlsFacts {
  /** Such as `TLSv1.3`. */
  readonly version: string
  /** OpenSSL's name, such as `TLS_AES_256_GCM_SHA384`. */
  readonly cipher: string
  readonly serverName: string | undefined
  /** Chosen by ALPN. */
  readonly alpn: string | undefined
  /** Common name of the client's certificate, where one was asked for and is good. */
  readonly clientName: string | undefined
}

/** What a route may look at in a request. */
export interface RequestFacts {
  readonly method: string
  /** In small letters, without port and trailing dot. */
  readonly host: string
  /** As it came, without the query. */
  readonly path: string
  /** In the one spelling that routes compare (docs/first-bytes.md): decide by this one. */
  readonly comparedPath: string
  readonly isUpgrade: boolean
  /** In the order they came. */
  readonly fields: readonly { readonly name: string; readonly value: string }[]
}

/** Name of a cluster; undefined for the listener's own `cluster`. A throw ends the connection and is logged. */
export type RouteDecision = string | Rejection | undefined
export type RouteFunction = (visitor: Visitor) => RouteDecision | Promise<RouteDecision>
