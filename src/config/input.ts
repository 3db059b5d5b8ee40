/**
 * A config: the content of a config file, or the argument of `createProxy`. An unknown key, a missing key or a value out of
 * range is an error. docs/config.md lists the same keys.
 */
import type { HashPolicy } from '../cluster/balance/hash/hash-choice.js'
import type { BalanceRule } from '../cluster/balance/rules.js'
import type { AskedBy } from '../cluster/egress/policy.js'
import type { Failback, OnDown, OnRecovered, WhenAllDown } from '../cluster/health/policy.js'
import type { HalfClose, SpliceMode } from '../defaults.js'
import type { Duration, KeepaliveInput, OwnTimeoutsInput, Size } from './common-input.js'
import type { ListenerInput, StartTls } from './listener-input.js'
import type { AdminInput } from './schemas/admin-schema.js'
import type { LogInput } from './schemas/log-schema.js'

/**
 * TLVs of a PROXY header. `ssl`: the client's TLS. `authority`: its server name. `alpn`: the chosen protocol. `uniqueId`: the
 * connection's id. `fromClient`: every other TLV of the client's own PROXY header, such as a vendor's.
 */
export type ProxyTlv = 'ssl' | 'authority' | 'alpn' | 'uniqueId' | 'fromClient'

/** What `createProxy` takes and a config file holds. */
export interface ProxyConfig {
  /** `auto`: copy small messages and splice bulk. `on`: splice everything. `off`: copy everything. Default `auto`. */
  readonly splice?: SpliceMode | undefined
  /** Worker processes: 1 to 256, or `auto` for one per core. The library ignores it. Default 1. */
  readonly workers?: number | 'auto' | undefined
  /**
   * The supervisor kills and replaces a worker that has not answered for this long. It notices at most a third of this time,
   * or 10 s, later. At least 100 ms. 0: never. The library ignores it. Default 30 s.
   */
  readonly workerHangMs?: Duration | undefined
  /** Largest size of a kernel pipe, 64 KiB to 1 MiB. The kernel rounds it up to a power of two. Default 1 MiB. */
  readonly kernelPipeBytes?: Size | undefined
  /**
   * Bytes that may wait in kernel pipes for slow readers, all workers together: 1 MiB to 64 GiB. When they are used up, each
   * further direction keeps at most 64 KiB. Default 64 MiB.
   */
  readonly pinnedMemoryBytes?: Size | undefined
  /** At least one. No two have the same address or the same name. */
  readonly listeners: readonly ListenerInput[]
  /** At least one, by name. */
  readonly clusters: Readonly<Record<string, ClusterInput>>
  readonly timeouts?: TimeoutsInput | undefined
  /** Keepalive for listeners and clusters without their own. `false`: none. Default: the default of each value. */
  readonly keepalive?: KeepaliveInput | false | undefined
  readonly log?: LogInput | undefined
  /**
   * The address for status, metrics and commands. Default: the command opens a unix socket for its user. The library opens
   * none.
   */
  readonly admin?: AdminInput | undefined
}

export interface ClusterInput {
  /** How a backend is chosen for a new connection. Default `round-robin`, by weight. docs/balancing.md has every rule. */
  readonly balance?: BalanceRule | undefined
  /** What `balance: hash` hashes. An error with every other rule. Default: the address of the client. */
  readonly hash?: HashInput | undefined
  /**
   * How long a backend that has come back, or was added by a reload, gets less than its share. Its part grows from a tenth to
   * all of it. The same after `drain`, `maint` or weight 0. At most 24 days. Default 0: its share at once.
   */
  readonly slowStartMs?: Duration | undefined
  /** When a backend counts as down, and what follows from that. docs/health.md explains it. */
  readonly health?: HealthInput | undefined
  /** At least one. No address twice. A text means an address with weight 1. Required, but an error beside `dial`. */
  readonly backends?: readonly (string | BackendInput)[] | undefined
  /** Dial the server that the client asks for. Default: one of the backends. docs/routing.md explains it. */
  readonly dial?: DialInput | undefined
  /**
   * When one side ends: `propagate` passes it on and keeps the other direction. `close` ends the connection. Default
   * `propagate`.
   */
  readonly halfClose?: HalfClose | undefined
  /** Send each backend a PROXY protocol header of this version, with the client's address. Default: none. */
  readonly sendProxy?: 'v1' | 'v2' | SendProxyInput | undefined
  /** Speak TLS to the backends. Default: plain. */
  readonly tls?: BackendTlsInput | undefined
  /** Keepalive on backend connections, after their first seconds. Default: the `keepalive` of the config. */
  readonly keepalive?: KeepaliveInput | false | undefined
  readonly timeouts?: OwnTimeoutsInput | undefined
  /** millrace asks the backends for TLS with a packet of this protocol. Default: TLS begins with the first byte. */
  readonly startTls?: StartTls | undefined
}

export interface DialInput {
  /** `sni`: the server name in the client's ClientHello. `host`: the host of its first HTTP request. */
  readonly server: AskedBy
  /** The names that clients may ask for, at least one. With `host` also IP addresses. A text means a name without networks. */
  readonly allow: string | readonly (string | AllowedNameInput)[]
  /**
   * The ports that millrace may dial, 1 to 65535. With `sni` only one, because a ClientHello names no port. Default: 443 with
   * `sni` or with `tls` of the cluster, else 80.
   */
  readonly ports?: number | readonly number[] | undefined
}

export interface AllowedNameInput {
  /** `a.example.com`, `*.example.com` (one label), `**.example.com` (one label or more) or `*` (any name). */
  readonly name: string
  /** Networks into which this name may lead, besides public addresses, such as 10.0.0.0/8. Not with the name `*`. Default: none. */
  readonly networks?: string | readonly string[] | undefined
}

/** All keys may be missing. */
export interface HealthInput {
  /**
   * A backend that has taken bytes of a client, is silent for this long, and answers nobody meanwhile, has failed. The
   * connection goes on. At most 24 days. Default 0: a backend may be silent for ever.
   */
  readonly answerMs?: Duration | undefined
  /** When a backend is skipped because its connections fail. `false`: never. Default: the default of each value. */
  readonly eject?: EjectInput | boolean | undefined
  /** When a backend stays down because it goes down and comes back too often. `false`: never. Default: of each value. */
  readonly flapping?: FlappingInput | boolean | undefined
  /**
   * What happens to the connections of a backend that checks or its agent call down. `end`: in order if nothing is in flight,
   * else with a reset. `reset`: with a reset. Default `keep`.
   */
  readonly onDown?: OnDown | undefined
  /**
   * What happens to connections of later tiers when an earlier tier works again. `return`: they are ended one by one, so that
   * the clients come back. Default `keep`.
   */
  readonly onRecovered?: OnRecovered | undefined
  /**
   * Whether the cluster goes back to an earlier tier by itself. `manual`: an operator orders it, or the later tier is down,
   * too. Default `auto`.
   */
  readonly failback?: Failback | undefined
  /**
   * What clients get when every backend is down. `try-all`: backends are tried all the same. `wait`: clients wait for at most
   * `connectMs`. Default: those that checks or their agents call down are not tried, and those that are only skipped are.
   */
  readonly whenAllDown?: WhenAllDown | undefined
}

export interface EjectInput {
  /** Failures in a row: 1 to 1000. Default 5. */
  readonly failures?: number | undefined
  /** How long, times how often the backend was ejected of late. At least 1 ms. Default 30 s. */
  readonly forMs?: Duration | undefined
  /** The longest time. Not less than `forMs`. Default 5 minutes. */
  readonly maxForMs?: Duration | undefined
  /** How much of a tier at once, 0 to 100. One backend always, if another could serve. Default: 50 for less than 10 backends, else 10. */
  readonly maxPercent?: number | undefined
}

export interface FlappingInput {
  /** So many changes within `withinMs` are too many: 2 to 100. Default 4. */
  readonly changes?: number | undefined
  /** At least 1 ms. Default 5 minutes. */
  readonly withinMs?: Duration | undefined
  /** The longest time that the backend stays down. The first one is 30 s, and each further one doubles. Default 5 minutes. */
  readonly maxForMs?: Duration | undefined
}

export interface HashInput {
  /**
   * `source` (or a network of it: `source/24`, `source/24/56`), `sni`, `host`, `path`, `cookie:NAME`, `header:NAME`,
   * `query:NAME`, `tlv:NAME` (a name, or `0x00` to `0xff`), or `route`: the `key` that a route function returns. The numbers
   * are bits of IPv4 (1 to 32) and of IPv6 (1 to 128, 64 beside a number for IPv4). A connection without the key is
   * balanced in turn.
   */
  readonly key: string
  /** Default `rendezvous`. */
  readonly table?: HashPolicy['table'] | undefined
  /** No backend gets more than this many times its share of the open connections: 1.01 to 100. Default 0: no limit. */
  readonly boundedLoad?: number | undefined
}

export interface SendProxyInput {
  readonly version: 'v1' | 'v2'
  /** TLVs of version 2, besides the checksum. `[]`: none. Default: all but `fromClient`. */
  readonly tlvs?: readonly ProxyTlv[] | undefined
}

export interface BackendTlsInput {
  /**
   * Server name that millrace sends by SNI. The backend's certificate must be for it. `client`: the client's server name, from
   * its ClientHello or PROXY header, or the default if it has none. Default: the backend's host name, if it has one.
   */
  readonly serverName?: string | undefined
  /**
   * The CA that must have signed backend certificates: PEM, or the path of a PEM file. Default: the CAs that Node trusts.
   */
  readonly ca?: string | undefined
  /** Whether millrace ends the connection if the backend's certificate is not valid. Default true. */
  readonly verify?: boolean | undefined
  /** ALPN protocols that millrace offers, best first. Default none. */
  readonly alpn?: readonly string[] | undefined
  /** Certificate for backends that ask for one: PEM, or the path of a PEM file. Needs `key`. */
  readonly cert?: string | undefined
  readonly key?: string | undefined
}

export interface BackendInput {
  /** `host:port`, `[v6]:port`, `unix:/path` or `unix:@name` (abstract). Port 1 to 65535. */
  readonly address: string
  /** Its share of new connections, relative to the other weights: 0 to 1000. 0: no new connections. Default 1. */
  readonly weight?: number | undefined
  /** Backends of a tier get connections only if none of a smaller tier is available: 0 to 99. Default 0. */
  readonly tier?: number | undefined
  /** It gets connections only if no other backend is available. Not together with `tier`. Default false. */
  readonly backup?: boolean | undefined
}

/** In each of these, 0 means no limit. */
export interface TimeoutsInput {
  /**
   * How long a client may take to send what millrace needs to choose a cluster: ClientHello, TLS handshake, head. Default 5
   * s.
   */
  readonly firstBytesMs?: Duration | undefined
  /** How long one backend may take to accept. Then millrace tries the next one. Default 5 s. */
  readonly connectMs?: Duration | undefined
  /** How long a backend may take for a TLS handshake, and then for the head of its response. Default 30 s. */
  readonly responseMs?: Duration | undefined
  /** How long a connection may move no byte in either direction. Default 10 minutes. */
  readonly idleMs?: Duration | undefined
  /** How long a connection may go on after one direction has ended. Default 30 s. */
  readonly halfClosedMs?: Duration | undefined
  /** How long a connection may last. Default 0. */
  readonly lifetimeMs?: Duration | undefined
  /**
   * How long connections may go on after SIGTERM, `maint`, or the removal of their listener. Then millrace ends them.
   * Default 30 s.
   */
  readonly drainMs?: Duration | undefined
  /**
   * How long sent bytes or probes may stay unacknowledged (TCP_USER_TIMEOUT of tcp(7)). Then the kernel ends the connection,
   * whatever `keepalive.count` is. Needs the addon. Default 0: the kernel's limit, about 15 minutes for sent bytes.
   */
  readonly deadPeerMs?: Duration | undefined
}
