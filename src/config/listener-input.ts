/**
 * What people write of a listener: where it listens, what it makes of a client's first bytes, and where the client
 * goes. Everything unknown, missing or out of range is an error. docs/config.md tells the same.
 */
import type { RouteFunction } from '../route/visitor.js'
import type { Duration, KeepaliveInput, OwnTimeoutsInput } from './common-input.js'

/** What becomes of the fields of a request that say who the client is. */
export type ForwardedMode = 'replace' | 'append' | 'forwarded' | 'off'
/** Protocols whose way of asking for TLS is known. */
export type StartTls = 'postgres'
export type TlsVersion = 'TLSv1.2' | 'TLSv1.3'

export interface ListenerInput {
  /** How logs and metrics call it. Default: its address, with `localhost` as 127.0.0.1. */
  readonly name?: string | undefined
  /** `ip:port`, `[v6]:port`, `localhost:port` (127.0.0.1), `unix:/path` or `unix:@name` (abstract). Port 0: any free port. */
  readonly address: string
  /** Name of the cluster of clients that no route is for. Without one they are turned away. */
  readonly cluster?: string | undefined
  /** Put into the record of every connection. Default none. */
  readonly tags?: Readonly<Record<string, string>> | undefined
  /** Who its clients are is told by a PROXY protocol header. Default: by their address. */
  readonly acceptProxy?: AcceptProxyInput | undefined
  /** `http`: each connection is one HTTP/1.1 request, mostly an upgrade to WebSocket. Default `tcp`. */
  readonly protocol?: 'tcp' | 'http' | undefined
  /** The client's TLS ends here. Default: it passes through. */
  readonly tls?: TlsInput | undefined
  /**
   * Its clients speak this protocol, which asks for TLS in a packet of its own before the ClientHello. Default: TLS, where
   * there is any, begins with the first byte.
   */
  readonly startTls?: StartTls | undefined
  /** The most specific server name or host wins; among equals the first. */
  readonly routes?: readonly RouteInput[] | undefined
  /** Decides instead of `routes`; only in the library. */
  readonly route?: RouteFunction | undefined
  /** TLS without a server name: `reject`, or a cluster. Default: as the routes without `sni` say. */
  readonly onNoSni?: string | undefined
  /** What is no ClientHello where one is needed: `reject`, or a cluster. Default `reject`. */
  readonly onBadHello?: string | undefined
  /** What requests that are no upgrades get where no route says so: `reject` is a 426. Default `reject`. */
  readonly http?: 'reject' | 'forward' | undefined
  /**
   * Whether `%2F` may be in a path where routes, or a `route` function, may look at paths: npm's and GitLab's have it.
   * It is compared as `/`. Where false, such a request is answered with 400. Default false.
   */
  readonly allowEncodedSlash?: boolean | undefined
  /**
   * `replace`: what a client says of itself is dropped, and `X-Forwarded-For`, `-Proto`, `-Host` are set. `append`: the
   * client is added to `-For`, and the other two are set where none came. `forwarded`: as `replace`, with `Forwarded` (RFC
   * 7239). `off`: all is left alone. Default `replace`.
   */
  readonly xForwarded?: ForwardedMode | undefined
  /** Who the client is, is told by a field of its request, where a trusted proxy sends it. Default: by its address. */
  readonly clientFrom?: ClientFromInput | undefined
  /** Whether records tell the query of a request, too. It often holds secrets. Default false. */
  readonly logQuery?: boolean | undefined
  /** Of its clients' connections. Default: that of all. */
  readonly keepalive?: KeepaliveInput | false | undefined
  readonly timeouts?: OwnTimeoutsInput | undefined
  /**
   * Of a unix socket's file: who may connect, as chmod(1) takes it, `"0660"`. The first moment of the file is its owner's,
   * except in a worker thread. Default: as the umask leaves it; with a `group`, `"0660"`.
   */
  readonly mode?: string | undefined
  /** Of a unix socket's file: a name in /etc/group, or a number. Default: the process's own. */
  readonly group?: string | number | undefined
}

export interface AcceptProxyInput {
  /** Who may send one: `10.0.0.0/8`, `2001:db8::/32`, `192.0.2.1`, or `unix` for whoever comes by a unix socket. */
  readonly from: readonly string[]
  /**
   * Whether every connection must begin with one; others are ended. Where false, those not listed are taken as they
   * are and nothing of theirs is read as a header, and those listed may go without. Default true.
   */
  readonly required?: boolean | undefined
  /**
   * Types of TLVs, 0xE0 to 0xFF, whose values are written to the record. The specification leaves 0xE0 to 0xEF to vendors,
   * such as 0xEA to AWS. Default none.
   */
  readonly logTlvs?: readonly number[] | undefined
  /** How long it may take to come; 0 means for ever. Default 5 s. */
  readonly timeoutMs?: Duration | undefined
}

export interface ClientFromInput {
  /** `x-forwarded-for`, `forwarded` (RFC 7239) or any other field of addresses. Default `x-forwarded-for`. */
  readonly field?: string | undefined
  /**
   * The proxies in front, as in `acceptProxy`. The client is the last address of the field that is not one of them. What
   * anybody else sends in the field is not read.
   */
  readonly trusted: string | readonly string[]
}

export interface TlsInput extends KeyPairInput {
  /**
   * Chosen by server name, then by the kind (RSA, ECDSA, Ed25519) that the client can check. The first, `cert` and `key`, is
   * for names without a certificate. Default none.
   */
  readonly certificates?: readonly KeyPairInput[] | undefined
  /** Protocols we choose from by ALPN, best first. Default none. */
  readonly alpn?: readonly string[] | undefined
  /** Default `TLSv1.2`. */
  readonly minVersion?: TlsVersion | undefined
  /** PEM, or the path of a file of it: who may have signed clients' certificates. Needed to ask for any. */
  readonly clientCa?: string | undefined
  /** `require`: a client without a good certificate is turned away. `request`: it may do without one. Default `require`. */
  readonly clientCert?: 'require' | 'request' | undefined
}

/** Each is PEM, or the path of a file of it, which is read again when it changes. */
export interface KeyPairInput {
  /** The certificate, and those between it and its root. */
  readonly cert: string
  readonly key: string
}

/** All that is said must hold. `cluster` or `reject: true`. */
export interface RouteInput {
  /**
   * The server name of the ClientHello: `a.example.com`, `*.example.com` (one label), `**.example.com` (one or more), or a
   * list of such.
   */
  readonly sni?: string | readonly string[] | undefined
  /** A protocol the client offers by ALPN; where TLS ends here, the one that was chosen. */
  readonly alpn?: string | readonly string[] | undefined
  /** Where the client is: `10.0.0.0/8` or a list of such, as in `acceptProxy`. */
  readonly source?: string | readonly string[] | undefined
  /** The request's host, as `sni`. Only where the protocol is `http`. */
  readonly host?: string | readonly string[] | undefined
  /**
   * The request's path, or what it begins with up to a `/`: `/chat` is also `/chat/room`. Compared however it is
   * spelled; a path that could be resolved in two ways is answered with 400 (docs/first-bytes.md).
   */
  readonly path?: string | undefined
  /**
   * Role and database of a Postgres client's start-up packet, or a list of such; letters count. Only where `startTls` is
   * `postgres`, and of clients whose TLS passes through nobody knows them.
   */
  readonly user?: string | readonly string[] | undefined
  readonly database?: string | readonly string[] | undefined
  readonly cluster?: string | undefined
  readonly reject?: true | undefined
  /** What requests that are no upgrades get. Default: the listener's. */
  readonly http?: 'reject' | 'forward' | undefined
}
