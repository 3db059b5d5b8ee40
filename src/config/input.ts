/**
 * What people write: in a config file, or as the argument of `createProxy`. Everything unknown, missing or out of
 * range is an error. docs/config.md tells the same.
 */
import type { HalfClose, SpliceMode } from '../defaults.js'
import type { Duration, KeepaliveInput, OwnTimeoutsInput, Size } from './common-input.js'
import type { ListenerInput, StartTls } from './listener-input.js'
import type { AdminInput } from './schemas/admin-schema.js'
import type { LogInput } from './schemas/log-schema.js'

/**
 * TLVs of a PROXY header: the client's TLS, its server name, the protocol chosen by ALPN, the connection's id.
 * `fromClient`: every other TLV of the client's own PROXY header, such as a vendor's.
 */
export type ProxyTlv = 'ssl' | 'authority' | 'alpn' | 'uniqueId' | 'fromClient'

/** What `createProxy` takes and a config file holds. */
export interface ProxyConfig {
  /** Default `auto`. */
  readonly splice?: SpliceMode | undefined
  /** Processes that serve: 1 to 256, or `auto` for one per core. Only the command heeds it. Default 1. */
  readonly workers?: number | 'auto' | undefined
  /**
   * A worker that has not answered its supervisor for this long is killed and replaced; noticed at most a third of it,
   * or 10 s, later. From 100 ms on. Only the command heeds it. 0: never. Default 30 s.
   */
  readonly workerHangMs?: Duration | undefined
  /** Size of each kernel pipe, 64 KiB to 1 MiB; the kernel rounds it up to a power of two. Default 1 MiB. */
  readonly kernelPipeBytes?: Size | undefined
  /**
   * Bytes that may wait in kernel pipes for peers that read slowly, of all workers together: 1 MiB to 64 GiB. Beyond
   * it a direction keeps at most 64 KiB. Default 64 MiB.
   */
  readonly pinnedMemoryBytes?: Size | undefined
  /** At least one; no two on the same address or of the same name. */
  readonly listeners: readonly ListenerInput[]
  /** At least one, by name. */
  readonly clusters: Readonly<Record<string, ClusterInput>>
  readonly timeouts?: TimeoutsInput | undefined
  /** Of listeners and clusters that say nothing themselves. `false`: none. Default: every value's default. */
  readonly keepalive?: KeepaliveInput | false | undefined
  readonly log?: LogInput | undefined
  /**
   * Where operators reach the process: status, metrics, orders. Default: the command opens a unix socket of its user's,
   * the library none.
   */
  readonly admin?: AdminInput | undefined
}

export interface ClusterInput {
  /** Default, and so far the only rule: `round-robin`, by weight. */
  readonly balance?: 'round-robin' | undefined
  /** At least one; no address twice. A text is short for an address of weight 1. */
  readonly backends: readonly (string | BackendInput)[]
  /** Default `propagate`. */
  readonly halfClose?: HalfClose | undefined
  /** Tell each backend who its client is, with a PROXY protocol header of this version. Default: none. */
  readonly sendProxy?: 'v1' | 'v2' | SendProxyInput | undefined
  /** Speak TLS to the backends. Default: plain. */
  readonly tls?: BackendTlsInput | undefined
  /** Of connections to its backends that last for some seconds. Default: that of all. */
  readonly keepalive?: KeepaliveInput | false | undefined
  readonly timeouts?: OwnTimeoutsInput | undefined
  /** The backends speak this protocol, and are asked for TLS in its way. Default: TLS begins with the first byte. */
  readonly startTls?: StartTls | undefined
}

export interface SendProxyInput {
  readonly version: 'v1' | 'v2'
  /** TLVs of version 2, besides the checksum; `[]`: none. Default: all but `fromClient`. */
  readonly tlvs?: readonly ProxyTlv[] | undefined
}

export interface BackendTlsInput {
  /**
   * Server name sent to the backend by SNI; the certificate must be for it. `client`: the client's own, from its ClientHello
   * or its PROXY header, or the default where there is none. Default: the backend's host name, where it has one.
   */
  readonly serverName?: string | undefined
  /** PEM, or the path of a file of it: who may have signed the backends' certificates. Default: those Node trusts. */
  readonly ca?: string | undefined
  /** Whether a certificate that is not good ends the connection. Default true. */
  readonly verify?: boolean | undefined
  /** Protocols offered by ALPN. Default none. */
  readonly alpn?: readonly string[] | undefined
  /** PEM, or the path of a file of it: shown to backends that ask for a certificate. Only with `key`. */
  readonly cert?: string | undefined
  readonly key?: string | undefined
}

export interface BackendInput {
  /** `host:port`, `[v6]:port`, `unix:/path` or `unix:@name` (abstract). Port 1 to 65535. */
  readonly address: string
  /** Its share of the connections beside the others' weights, 1 to 1000. Default 1. */
  readonly weight?: number | undefined
}

/** In each of these 0 means never. */
export interface TimeoutsInput {
  /** How long a client may take for what is needed to choose its cluster: ClientHello, TLS handshake, head. Default 5 s. */
  readonly firstBytesMs?: Duration | undefined
  /** How long one backend may take to accept a connection before the next is tried. Default 5 s. */
  readonly connectMs?: Duration | undefined
  /** How long a backend may take for a TLS handshake, and then for the head of its response. Default 30 s. */
  readonly responseMs?: Duration | undefined
  /** How long a connection may move no byte either way. Default 10 minutes. */
  readonly idleMs?: Duration | undefined
  /** How long a connection may live on after one direction has finished. Default 30 s. */
  readonly halfClosedMs?: Duration | undefined
  /** How long a connection may live at all. Default 0. */
  readonly lifetimeMs?: Duration | undefined
  /** How long a drain waits before it cuts the connections that are left. Default 30 s. */
  readonly drainMs?: Duration | undefined
  /**
   * How long sent bytes or probes may stay unacknowledged before the peer counts as gone (TCP_USER_TIMEOUT of tcp(7)),
   * whatever `keepalive.count` says. Not without the addon. Default 0: the system's, about 15 minutes for sent bytes.
   */
  readonly deadPeerMs?: Duration | undefined
}
