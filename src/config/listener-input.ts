/**
 * The listener part of a config: where it listens, what it reads of a client's first bytes, and to which cluster the client
 * goes. An unknown key, a missing key or a value out of range is an error. docs/config.md lists the same keys.
 */
import type { MapKey } from '../route/table.js'
import type { RouteFunction } from '../route/visitor.js'
import type {
  Duration,
  KeepaliveInput,
  ListenerSocketInput,
  ListenerTimeoutsInput,
  StartTls,
} from './common-input.js'
import type { ListenerLimitsInput } from './limits-input.js'

/** What millrace does with the request fields that say who the client is. */
export type ForwardedMode = 'replace' | 'append' | 'forwarded' | 'off'
export type TlsVersion = 'TLSv1.2' | 'TLSv1.3'

export interface ListenerInput {
  /** The name in logs, records and metrics. Default: its address, with `localhost` as 127.0.0.1. Required for several addresses. */
  readonly name?: string | undefined
  /**
   * `ip:port`, `[v6]:port`, `localhost:port` (127.0.0.1), `unix:/path` or `unix:@name` (abstract). Port 0: any free port.
   * A range of at most 1000 ports: `0.0.0.0:5000-5010`. Only in the command: `fd:NAME` or `fd:3`, a socket that a service manager has
   * opened. Required, unless there are `addresses`.
   */
  readonly address?: string | undefined
  /** Several addresses, each as `address`. Each counts by itself, and its name is that of the listener with `@` and the address. */
  readonly addresses?: readonly string[] | undefined
  /** The cluster for clients that match no route. Without it, millrace refuses such clients. */
  readonly cluster?: string | undefined
  /** Texts that millrace adds to the record of each connection. Default none. */
  readonly tags?: Readonly<Record<string, string>> | undefined
  /** Read the client's address from a PROXY protocol header. Default: the client is the peer of the socket. */
  readonly acceptProxy?: AcceptProxyInput | undefined
  /** `http`: each connection is one HTTP/1.1 request, mostly an upgrade to WebSocket. Default `tcp`. */
  readonly protocol?: 'tcp' | 'http' | undefined
  /** millrace ends the client's TLS. Default: TLS passes through. */
  readonly tls?: TlsInput | undefined
  /**
   * Clients of this listener ask for TLS with a packet of this protocol before the ClientHello. Default: TLS, if any, begins
   * with the first byte.
   */
  readonly startTls?: StartTls | undefined
  /** Which client goes to which cluster. The most specific server name or host wins. Of equal ones, the first wins. */
  readonly routes?: readonly RouteInput[] | undefined
  /** A function that decides instead of `routes`. Only in the library. */
  readonly route?: RouteFunction | undefined
  /** For TLS clients without a server name: `reject`, or a cluster. Default: routes without `sni` apply. */
  readonly onNoSni?: string | undefined
  /**
   * For clients that do not begin with a TLS ClientHello though the routes need one: `reject`, or a cluster. Default
   * `reject`.
   */
  readonly onBadHello?: string | undefined
  /** For clients that send nothing, because they wait for the server to speak. Default: they wait for `firstBytesMs`. */
  readonly onSilent?: OnSilentInput | undefined
  /**
   * `reject`: answer 426 to requests that are not WebSocket upgrades. `forward`: forward one request for each connection.
   * `pass`: read only the first head, and pass everything through unchanged. A route can say otherwise. Default `reject`.
   */
  readonly http?: 'reject' | 'forward' | 'pass' | undefined
  /**
   * Send clients that match no route to `https` at the same host and path. Needs `protocol: http`, and stands instead of `cluster`.
   * Default: no redirect.
   */
  readonly redirect?: 'https' | RedirectInput | undefined
  /**
   * Whether a path may have `%2F` when routes or a `route` function look at paths. npm and GitLab use it. millrace compares it
   * as `/`. If false, millrace answers such a request with 400. Default false.
   */
  readonly allowEncodedSlash?: boolean | undefined
  /**
   * `replace`: millrace drops the client's own fields and sets `X-Forwarded-For`, `-Proto` and `-Host`. `append`: it adds the
   * client to `-For`, and sets the other two if they are missing. `forwarded`: as `replace`, but sets `Forwarded` (RFC 7239).
   * `off`: it changes nothing. Default `replace`. Nothing is changed where `http` is `pass`.
   */
  readonly xForwarded?: ForwardedMode | undefined
  /** Read the client's address from a request field, if a trusted proxy sends the request. Default: the peer's address. */
  readonly clientFrom?: ClientFromInput | undefined
  /** Whether records have the query of a request. A query often holds secrets. Default false. */
  readonly logQuery?: boolean | undefined
  /** Limits of the clients of this listener, and who may come in. docs/limits.md explains them. Default: no limits. */
  readonly limits?: ListenerLimitsInput | undefined
  /** Keepalive on client connections. Default: the `keepalive` of the config. */
  readonly keepalive?: KeepaliveInput | false | undefined
  readonly timeouts?: ListenerTimeoutsInput | undefined
  /** Options of the socket. Clients have the same. Default: the `socket` of the config. */
  readonly socket?: ListenerSocketInput | undefined
  /**
   * Permissions of a unix socket's file, as chmod(1) takes them: `"0660"`. Until they are set only the owner can connect,
   * except in a worker thread. Default: what the umask leaves. With a `group`: `"0660"`.
   */
  readonly mode?: string | undefined
  /** Group of a unix socket's file: a name in /etc/group, or a number. Default: the group of the process. */
  readonly group?: string | number | undefined
}

export interface RedirectInput {
  readonly to: 'https'
  /** The port of HTTPS, 1 to 65535. Default 443. */
  readonly port?: number | undefined
  /** 301, or 308 for clients that must keep their method (RFC 9110). Default 301. */
  readonly status?: 301 | 308 | undefined
}

export interface AcceptProxyInput {
  /**
   * Peers whose header millrace reads: `10.0.0.0/8`, `2001:db8::/32`, `192.0.2.1`, or `unix` for peers on a unix socket.
   */
  readonly from: readonly string[]
  /**
   * Whether every connection must begin with a header. If true, millrace ends other connections. If false, peers in `from` may
   * leave it out, and millrace reads no header from peers that are not in `from`. Default true.
   */
  readonly required?: boolean | undefined
  /**
   * Types of TLVs, 0xE0 to 0xFF, whose values millrace writes to the record. The specification gives 0xE0 to 0xEF to vendors:
   * AWS uses 0xEA. Default none.
   */
  readonly logTlvs?: readonly number[] | undefined
  /** How long millrace waits for the header. 0: no limit. Default 5 s. */
  readonly timeoutMs?: Duration | undefined
}

export interface OnSilentInput {
  /** How long a client may send nothing, from 1 ms to less than `timeouts.firstBytesMs`. */
  readonly afterMs: Duration
  /** The cluster for these clients. */
  readonly cluster: string
}

export interface ClientFromInput {
  /** `x-forwarded-for`, `forwarded` (RFC 7239) or any other field of addresses. Default `x-forwarded-for`. */
  readonly field?: string | undefined
  /**
   * The proxies in front, as in `acceptProxy.from`. The client is the last address in the field that is none of them.
   * millrace ignores the field if another peer sends it.
   */
  readonly trusted: string | readonly string[]
}

export interface TlsInput extends KeyPairInput {
  /**
   * More certificates. millrace chooses by server name, then by the kind (RSA, ECDSA, Ed25519) that the client can check.
   * `cert` and `key` serve all other names. Default none.
   */
  readonly certificates?: readonly KeyPairInput[] | undefined
  /** ALPN protocols that millrace accepts, best first. Default none. */
  readonly alpn?: readonly string[] | undefined
  /** The oldest version that millrace accepts. Default `TLSv1.2`. */
  readonly minVersion?: TlsVersion | undefined
  /**
   * The CA that must have signed client certificates: PEM, or the path of a PEM file. Without it, millrace asks for none.
   */
  readonly clientCa?: string | undefined
  /**
   * `require`: millrace refuses a client without a certificate. `request`: it accepts it. It never accepts a bad one.
   * Default `require`.
   */
  readonly clientCert?: 'require' | 'request' | undefined
}

/** Each is PEM, or the path of a PEM file. millrace reads a file again when it changes. */
export interface KeyPairInput {
  /** The certificate, followed by the intermediate certificates. */
  readonly cert: string
  /** Its private key. */
  readonly key: string
}

/** A client matches if every key that you give matches. Give `cluster`, `map` or `reject: true`. */
export interface RouteInput {
  /**
   * What the client's first bytes begin: `tls`, `http`, `ssh`, `postgres`, `rdp`, `redis`, `proxy`, bytes such as `hex:160301`, or a
   * list of such. Only where the protocol is `tcp`.
   */
  readonly speaks?: string | readonly string[] | undefined
  /**
   * The server name of the ClientHello: `a.example.com`, `*.example.com` (one label), `**.example.com` (one or more), or a
   * list of such.
   */
  readonly sni?: string | readonly string[] | undefined
  /** A protocol that the client offers by ALPN. If millrace ends TLS: the protocol that it chose. */
  readonly alpn?: string | readonly string[] | undefined
  /** The client's address: `10.0.0.0/8` or a list of such, as in `acceptProxy.from`. */
  readonly source?: string | readonly string[] | undefined
  /** The request's host, as `sni`. Only where the protocol is `http`. */
  readonly host?: string | readonly string[] | undefined
  /**
   * The request's path, or whole segments that it begins with: `/chat` matches `/chat/room`, not `/chatter`. Different
   * spellings of a path match alike. millrace answers 400 to a path that servers resolve differently (docs/first-bytes.md).
   */
  readonly path?: string | undefined
  /**
   * Role and database in a Postgres client's startup packet, or a list of such. Case matters. Only with `startTls: postgres`.
   * A client whose TLS passes through never matches.
   */
  readonly user?: string | readonly string[] | undefined
  readonly database?: string | readonly string[] | undefined
  /** A file that names the cluster of each client that matches, instead of `cluster`. docs/routing.md explains it. */
  readonly map?: RouteMapInput | undefined
  /** The cluster for clients that match. */
  readonly cluster?: string | undefined
  /** Refuse clients that match. */
  readonly reject?: true | undefined
  /** What becomes of requests. Default: `http` of the listener. */
  readonly http?: 'reject' | 'forward' | 'pass' | undefined
}

export interface RouteMapInput {
  /**
   * Path of a file with lines such as `a.example.com shop` or `*.example.com reject`. millrace reads it again when it changes.
   * A name that is not in the file does not match.
   */
  readonly file: string
  /** What the names in the file are: server names, hosts of requests, or users or databases of Postgres. */
  readonly by: MapKey
}
