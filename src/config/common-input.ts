/**
 * What stands in several places of a config: quantities with a unit, and the keys that listeners and clusters
 * share.
 */

/** Whole ms, or text such as `250ms`, `5s`, `10m`, `1h`, `1d`. At most 24 days. */
export type Duration = number | string
/** Whole bytes, or text such as `64KiB`, `1MiB`, `100KB`. */
export type Size = number | string
/** Protocols in which a client asks for TLS with a packet of its own. */
export type StartTls = 'postgres'

/**
 * Probes by which the kernel finds out that a peer has vanished (tcp(7)). The connection then ends as reset,
 * with the errno ETIMEDOUT. Without the addon Node can set only `idleMs`: 10 probes follow, one a second.
 */
export interface KeepaliveInput {
  /** Silence before the first probe: whole seconds, 1 s to 32,767 s. Default 60 s. */
  readonly idleMs?: Duration | undefined
  /** Time between probes: whole seconds, 1 s to 32,767 s. Default 15 s. */
  readonly everyMs?: Duration | undefined
  /** Unanswered probes after which the kernel ends the connection: 1 to 127. Default 4. */
  readonly count?: number | undefined
}

/** Options of sockets for all listeners and clusters that say nothing else. Only TCP sockets have them. */
export interface CommonSocketInput {
  /** How many clients may wait for their accept: 1 to 2^31 - 1. The kernel takes net.core.somaxconn if it is less. Default 4096. */
  readonly backlog?: number | undefined
  /**
   * The DSCP in the IP header of what millrace sends: 0 to 63, or a name such as `ef`, `cs1` or `af41` (RFC 2474, RFC 8622). Default 0.
   * Needs the addon.
   */
  readonly dscp?: number | string | undefined
  /**
   * The mark of the sockets (SO_MARK of socket(7)), for policy routing and firewalls: 1 to 2^32 - 1. Needs CAP_NET_ADMIN or CAP_NET_RAW,
   * and the addon. Default: no mark.
   */
  readonly mark?: number | undefined
  /**
   * The congestion control (TCP_CONGESTION of tcp(7)), such as `bbr`. Needs CAP_NET_ADMIN for one that is not in
   * net.ipv4.tcp_allowed_congestion_control, and the addon. Default: that of the system.
   */
  readonly congestion?: string | undefined
}

/** Options of the socket that listens, and of the connections of its clients. */
export interface ListenerSocketInput extends CommonSocketInput {
  /** Only this network interface (SO_BINDTODEVICE of socket(7)). Needs the addon. Default: every interface. */
  readonly interface?: string | undefined
  /**
   * Whether the listener takes clients of addresses that this machine does not have (IP_TRANSPARENT of ip(7), for TPROXY). Needs
   * CAP_NET_ADMIN or CAP_NET_RAW, and the addon. Default false.
   */
  readonly transparent?: boolean | undefined
}

/** Options of the sockets to backends. */
export interface ClusterSocketInput extends Omit<CommonSocketInput, 'backlog'> {
  /** As that of a listener. */
  readonly interface?: string | undefined
  /**
   * The address from which millrace connects: an IP address, or several that take turns. `client`: that of the client, which needs
   * CAP_NET_ADMIN or CAP_NET_RAW, and the addon. Default: as the kernel chooses.
   */
  readonly source?: string | readonly string[] | undefined
  /**
   * The local ports, such as `20000-40000`, within net.ipv4.ip_local_port_range (IP_LOCAL_PORT_RANGE of ip(7)). Needs Linux 6.3 and the
   * addon. Default: all that the system gives out.
   */
  readonly sourcePorts?: string | undefined
}

/** Timeouts of one connection. In each of these, 0 means no limit. */
export interface ConnectionTimeoutsInput {
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
}

/** Timeouts of the connections to one cluster. Each goes before the same one of a listener and of the config. */
export interface ClusterTimeoutsInput extends ConnectionTimeoutsInput {
  /**
   * How long bytes or probes for a backend may stay unacknowledged (TCP_USER_TIMEOUT of tcp(7)). Then the kernel ends the connection,
   * whatever `keepalive.count` is. Needs the addon. Default: the config's.
   */
  readonly deadPeerMs?: Duration | undefined
}

/** Timeouts of the clients of one listener. Each goes before the same one of the config, and after that of the cluster. */
export interface ListenerTimeoutsInput extends ConnectionTimeoutsInput {
  /**
   * How long a client may take to send what millrace needs to choose a cluster: ClientHello, TLS handshake, head. Default 5
   * s.
   */
  readonly firstBytesMs?: Duration | undefined
  /**
   * How long a `route` function may take, without the time in which it waits for the client. Then millrace turns the client away.
   * Default 5 s.
   */
  readonly routeMs?: Duration | undefined
  /** As `deadPeerMs` of a cluster, for bytes and probes to a client. Default: the config's. */
  readonly deadPeerMs?: Duration | undefined
}

/** TLS towards backends. */
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

/** Exactly one of `socks5` and `http`. */
export interface ViaInput {
  /** A SOCKS5 server: `host:port`, `[v6]:port`, `unix:/path` or `unix:@name`. */
  readonly socks5?: string | undefined
  /** An HTTP proxy that knows CONNECT: as `socks5`. */
  readonly http?: string | undefined
  /** 1 to 255 bytes. With `http` without a colon. Needs a password. Default: millrace sends no credentials. */
  readonly user?: string | undefined
  /** 1 to 255 bytes. */
  readonly password?: string | undefined
  /** Path of a file with the password, instead of `password`. millrace reads it whenever it reads the config. */
  readonly passwordFile?: string | undefined
}

export interface SendProxyInput {
  readonly version: 'v1' | 'v2'
  /** TLVs of version 2, besides the checksum. `[]`: none. Default: all but `fromClient`. */
  readonly tlvs?: readonly ProxyTlv[] | undefined
}

/**
 * TLVs of a PROXY header. `ssl`: the client's TLS. `authority`: its server name. `alpn`: the chosen protocol. `uniqueId`: the
 * connection's id. `fromClient`: every other TLV of the client's own PROXY header, such as a vendor's.
 */
export type ProxyTlv = 'ssl' | 'authority' | 'alpn' | 'uniqueId' | 'fromClient'
