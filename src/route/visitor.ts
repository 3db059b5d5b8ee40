/**
 * What a route function gets: a client that has connected, with what is known of it, and ways to learn more
 * from its first bytes without taking them.
 */
import type { Address } from '../address.js'
import type {
  BackendTlsInput,
  ConnectionTimeoutsInput,
  SendProxyInput,
  StartTls,
  ViaInput,
} from '../config/common-input.js'
import type { ConnectionLimitsInput } from '../config/limits-input.js'
import type { ClientHello } from '../peek/client-hello.js'
import type { StartUp } from '../postgres/start-up.js'
import type { ProxyHeader } from '../proxy-protocol/header.js'

/** A decision to reject a client. */
export interface Rejection {
  readonly isRejected: true
  /** A text for the record. Undefined: none. */
  readonly reason: string | undefined
  /** What the client gets before its connection ends. Undefined: what `refuseAs` of the listener says. */
  readonly answer: Uint8Array | undefined
}

export interface RejectOptions {
  /** What the client gets before FIN, in its own protocol: at most 65,536 bytes. Default: what `refuseAs` of the listener says. */
  readonly answer?: Uint8Array | undefined
}

export interface Visitor {
  /**
   * The client's address: from `clientFrom`, else a PROXY header, else the connection. Undefined if unknown.
   */
  readonly client: Address | undefined
  /** Name of the listener that the client connected to. */
  readonly listener: string
  /** For a listener with `acceptProxy`: the PROXY header of the connection. Undefined if there was none. */
  readonly proxyHeader: ProxyHeader | undefined
  /** For a listener with `tls`: what the handshake settled. */
  readonly tls: TlsFacts | undefined
  /** For a listener with `protocol: http`: the request. */
  readonly request: RequestFacts | undefined
  /** For a listener with `startTls: postgres`: the start-up. Undefined if the client's TLS passes through. */
  readonly startUp: StartUp | undefined
  /**
   * The client's TLS ClientHello, or undefined if the client does not speak TLS. Waits for as many bytes as
   * needed. Rejects if the hello is broken, too slow (`firstBytesMs`) or cut short. If you do not catch that,
   * the connection ends.
   */
  clientHello(): Promise<ClientHello | undefined>
  /**
   * The first `bytes` bytes (1 to 16,384) once they have come, or fewer if the client sends no more. If TLS
   * ends here, these are the decrypted bytes. With `protocol: http` they follow the head of the request, or begin
   * with it if the listener has `http: pass`. Rejects as `clientHello` does. Rejects with a RangeError if
   * `bytes` is out of range.
   */
  peek(bytes: number): Promise<Buffer>
  /**
   * Takes the first `bytes` bytes (1 to 16,384) once they have come, or fewer if the client sends no more: no backend gets them. The next
   * `peek` or `take` begins behind them. Rejects as `peek` does, and with `wrong-state` on a listener with `protocol: http`.
   */
  take(bytes: number): Promise<Buffer>
  /**
   * Sends bytes to the client before it has a backend, such as a greeting. Resolves when they are handed over. At most 65,536 bytes
   * may wait: more rejects with `bad-argument`. Rejects as `peek` does if the client does not read, and with `wrong-state` on a
   * listener with `protocol: http`.
   */
  write(bytes: Uint8Array): Promise<void>
  /**
   * Aborts when nobody waits for the answer any more: the client is gone (AbortError), or `routeMs` or `firstBytesMs` is over
   * (TimeoutError). Give it to `fetch` and to queries.
   */
  readonly signal: AbortSignal
  /**
   * Return its result to turn the client away, with the first 300 characters of `reason` in the record. A function that calls it and
   * returns anything else has made a mistake: the connection ends with the cause `route-failed`.
   */
  reject(reason?: string, options?: RejectOptions): Rejection
}

/** What a finished TLS handshake has settled. */
export interface TlsFacts {
  /** The TLS version, such as `TLSv1.3`. */
  readonly version: string
  /** OpenSSL's name, such as `TLS_AES_256_GCM_SHA384`. */
  readonly cipher: string
  readonly serverName: string | undefined
  /** The protocol chosen by ALPN. */
  readonly alpn: string | undefined
  /** Common name of the client's certificate, if one was asked for and is valid. */
  readonly clientName: string | undefined
}

/** What a route may read of a request. */
export interface RequestFacts {
  readonly method: string
  /** In lower case, without port and trailing dot. */
  readonly host: string
  /** As it came, without the query. */
  readonly path: string
  /** In the one spelling that routes compare (docs/first-bytes.md). Decide by this one. */
  readonly comparedPath: string
  readonly isUpgrade: boolean
  /** In the order in which they came. */
  readonly fields: readonly { readonly name: string; readonly value: string }[]
}

/** TLS towards a backend that is in no config: as `tls` of a cluster, but with PEM and no paths of files. */
export type DestinedTls = BackendTlsInput

/** A backend that is in no config. */
export interface DestinedBackend {
  /** `host:port`, `[v6]:port`, `unix:/path` or `unix:@name`. A host name is resolved anew for each connection. */
  readonly address: string
  /** Speak TLS to it. Default: as its cluster does, or plain. */
  readonly tls?: DestinedTls | undefined
  /** Ask it for TLS with a packet of this protocol: for `tls`, or for a client whose own TLS passes through. Default: as its cluster. */
  readonly startTls?: StartTls | undefined
  /** Send it a PROXY header. Default: as its cluster does, or none. */
  readonly sendProxy?: 'v1' | 'v2' | SendProxyInput | undefined
  /** The forward proxy of the connect, as a URL or a map without `passwordFile`. Default: that of its cluster, or none. */
  readonly via?: string | Omit<ViaInput, 'passwordFile'> | undefined
}

/** Limits of one connection. They go before `perConnection` of all scopes. What a scope shares holds all the same. */
export interface DestinedLimits extends ConnectionLimitsInput {
  /**
   * With so many open connections of `backend` in this process the client is refused: 1 to 10,000,000. Each decision says it for its own client. With
   * `node:cluster` each process counts alone. Default: no limit.
   */
  readonly maxConnections?: number | undefined
}

/** A decision about one client. It goes before what the cluster says, the cluster before the listener, the listener before the config. */
export interface Destined {
  readonly isRejected?: undefined
  /**
   * Name of the cluster. With `backend`: the cluster whose settings and limits hold. Default: the listener's own `cluster`. With
   * `backend` there need be none.
   */
  readonly cluster?: string | undefined
  /** A backend that is in no config, or its address. The client gets it and no other. Default: the cluster chooses. */
  readonly backend?: string | DestinedBackend | undefined
  /** For the record and for lists of connections, besides the `tags` of the listener: at most 16 of at most 256 characters. */
  readonly tags?: Readonly<Record<string, string | undefined>> | undefined
  readonly limits?: DestinedLimits | undefined
  /** What a cluster with `hash: { key: route }` hashes. */
  readonly key?: string | undefined
  /** Timeouts of this connection. They go before those of its cluster, of the listener and of the config. */
  readonly timeouts?: ConnectionTimeoutsInput | undefined
}

/**
 * Name of a cluster, or a decision. Undefined: the listener's own `cluster`. If the function throws, or returns anything else, the
 * connection ends with the cause `route-failed`, and millrace logs what was returned.
 */
export type RouteDecision = string | Rejection | Destined | undefined
export type RouteFunction = (visitor: Visitor) => RouteDecision | Promise<RouteDecision>
