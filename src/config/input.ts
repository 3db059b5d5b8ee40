/**
 * A config: the content of a config file, or the argument of `createProxy`. An unknown key, a missing key or a value out of
 * range is an error. docs/config.md lists the same keys.
 */
import type { HashPolicy } from '../cluster/balance/hash/hash-choice.js'
import type { BalanceRule } from '../cluster/balance/rules.js'
import type { AskedBy } from '../cluster/egress/policy.js'
import type { HalfClose, SpliceMode } from '../defaults.js'
import type {
  BackendTlsInput,
  ClusterSocketInput,
  ClusterTimeoutsInput,
  CommonSocketInput,
  Duration,
  KeepaliveInput,
  ListenerTimeoutsInput,
  SendProxyInput,
  Size,
  StartTls,
  ViaInput,
} from './common-input.js'
import type { HealthInput } from './health-input.js'
import type { ClusterLimitsInput, ProcessLimitsInput } from './limits-input.js'
import type { ListenerInput } from './listener-input.js'
import type { AdminInput } from './schemas/admin-schema.js'
import type { BackendInput } from './schemas/backends-schema.js'
import type { LogInput } from './schemas/log-schema.js'
import type { TestInput } from './tests-input.js'

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
  /**
   * How long the new process of an upgrade may take until it could serve. After that it is killed, and nothing has changed. At
   * least 1 ms. The library ignores it. Default 60 s.
   */
  readonly upgradeMs?: Duration | undefined
  /**
   * Whether an upgrade hands live connections over to the new process. `afterMs`: only those that are at least this old. Default 0:
   * all. false: all drain in the old process. The library ignores it. Default true.
   */
  readonly handOver?: boolean | { readonly afterMs?: Duration | undefined } | undefined
  /**
   * The file that keeps changes at run time over a restart. A change of this key needs a restart. The library ignores it. Default:
   * a restart forgets changes.
   */
  readonly state?: string | undefined
  /** Largest size of a kernel pipe, 64 KiB to 1 MiB. The kernel rounds it up to a power of two. Default 1 MiB. */
  readonly kernelPipeBytes?: Size | undefined
  /**
   * Bytes that may wait in kernel pipes for slow readers, all workers together: 1 MiB to 64 GiB. When they are used up, each
   * further direction keeps at most 64 KiB. Default 64 MiB.
   */
  readonly pinnedMemoryBytes?: Size | undefined
  /**
   * Files with more listeners and clusters, or patterns such as `conf.d/*.yaml`. Only in a config file, and only in the main one.
   * Default: none.
   */
  readonly include?: string | readonly string[] | undefined
  /** At least one. No two have the same address or the same name. */
  readonly listeners: readonly ListenerInput[]
  /** At least one, by name. If a listener has a route function, there need be none. */
  readonly clusters: Readonly<Record<string, ClusterInput>>
  /** How the host names of backends are resolved. docs/names.md explains it. Default: the default of each key. */
  readonly names?: NamesInput | undefined
  /** Limits of the whole proxy, all workers together. docs/limits.md explains them. Default: those of the system. */
  readonly limits?: ProcessLimitsInput | undefined
  readonly timeouts?: TimeoutsInput | undefined
  /** Keepalive for listeners and clusters without their own. `false`: none. Default: the default of each value. */
  readonly keepalive?: KeepaliveInput | false | undefined
  /** Options of sockets for listeners and clusters without their own. Default: as the system has them. */
  readonly socket?: CommonSocketInput | undefined
  readonly log?: LogInput | undefined
  /**
   * The address for status, metrics and commands. Default: the command opens a unix socket for its user. The library opens
   * none.
   */
  readonly admin?: AdminInput | undefined
  /** Clients, and what must become of each. Only `millrace check` runs them. docs/tests.md explains them. Default: none. */
  readonly tests?: readonly TestInput[] | undefined
}

/** All keys may be missing. */
export interface NamesInput {
  /** DNS servers: `ip` or `ip:port`, at least one. The first one that answers decides. Default: those of the system. */
  readonly servers?: readonly string[] | undefined
  /** How long one server may take. At least 1 ms. Default: as the system says. */
  readonly timeoutMs?: Duration | undefined
  /** How often a silent server is asked: 1 to 10. Default: as the system says. */
  readonly tries?: number | undefined
  /** An answer is used for at least this long, whatever its TTL is. At least 1 ms. Default 1 s. */
  readonly minTtlMs?: Duration | undefined
  /** An answer is used for at most this long. Not less than `minTtlMs`. Default 5 minutes. */
  readonly maxTtlMs?: Duration | undefined
  /** Each pause between two questions is longer or shorter by a random part of this much: 0 to 50. Default 10. */
  readonly jitterPercent?: number | undefined
  /** So many empty answers in a row are needed until they are believed: 1 to 100. Default 3. */
  readonly emptyAnswers?: number | undefined
  /** The empty answers must go on for this long, too. Default 30 s. 0: their number is enough. */
  readonly emptyForMs?: Duration | undefined
}

export interface ClusterInput {
  /** How a backend is chosen for a new connection. Default `round-robin`, by weight. docs/balancing.md has every rule. */
  readonly balance?: BalanceRule | undefined
  /** What `balance: hash` hashes. An error with every other rule. Default: the address of the client. */
  readonly hash?: HashInput | undefined
  /**
   * How long a backend that has come back, or was added by a reload or by DNS, gets less than its share. Its part grows from a tenth to
   * all of it. The same after `drain`, `maint` or weight 0. At most 24 days. Default 0: its share at once.
   */
  readonly slowStartMs?: Duration | undefined
  /** When a backend counts as down, and what follows from that. docs/health.md explains it. */
  readonly health?: HealthInput | undefined
  /** At least one. No address and no service twice. A text means an address with weight 1. Required, but an error beside `dial`. */
  readonly backends?: readonly (string | BackendInput)[] | undefined
  /** Dial the server that the client asks for. Default: one of the backends. docs/routing.md explains it. */
  readonly dial?: DialInput | undefined
  /**
   * The forward proxy of all connects: `socks5://HOST:PORT`, `http://HOST:PORT` (CONNECT), or a map. It gets the addresses of
   * the backends as they are here, and resolves their names. Default: millrace connects directly.
   */
  readonly via?: string | ViaInput | undefined
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
  readonly timeouts?: ClusterTimeoutsInput | undefined
  /** Options of the sockets to the backends. Default: the `socket` of the config. */
  readonly socket?: ClusterSocketInput | undefined
  /** millrace asks the backends for TLS with a packet of this protocol. Default: TLS begins with the first byte. */
  readonly startTls?: StartTls | undefined
  /** Limits of the connections of this cluster, and its queue. docs/limits.md explains them. Default: no limits. */
  readonly limits?: ClusterLimitsInput | undefined
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

/** In each of these, 0 means no limit. They hold where a cluster or a listener has none of its own. */
export interface TimeoutsInput extends ListenerTimeoutsInput {
  /**
   * How long connections may go on after SIGTERM, `maint`, or the removal of their listener. Then millrace ends them.
   * Default 30 s.
   */
  readonly drainMs?: Duration | undefined
  /** How long the command goes on accepting after SIGTERM, while `/readyz` says that it is not ready. Then it drains. Default 0. */
  readonly graceMs?: Duration | undefined
  /**
   * How long sent bytes or probes may stay unacknowledged (TCP_USER_TIMEOUT of tcp(7)). Then the kernel ends the connection,
   * whatever `keepalive.count` is. Needs the addon. Default 0: the kernel's limit, about 15 minutes for sent bytes.
   */
  readonly deadPeerMs?: Duration | undefined
}
