/**
 * The limits in a config: of the whole proxy (`limits`), of a listener and of a cluster. docs/limits.md explains them. All
 * keys may be missing. An unknown key or a value out of range is an error. docs/config.md lists the same keys.
 */
import type { RefuseAs, WhenFull } from '../limits/policy.js'
import type { Duration, Size } from './common-input.js'

/** New connections per second. A number stands for a rate alone: `5` is `{ rate: 5 }`. 0 is an error. */
export type RateInput =
  | number
  | string
  | {
      /** Connections per second, on average: 0.01 to 1,000,000. It can be a fraction. */
      readonly rate: number | string
      /** How many may come at once after a silence: 1 to 1,000,000. Default: the rate, rounded up. */
      readonly burst?: number | undefined
    }

/** Bytes per second. A size stands for both directions, each by itself. 0: no limit. */
export type BandwidthInput =
  | Size
  | {
      /** Client to backend, per second: 1 KiB to 1 TiB. 0: no limit. Default 0. */
      readonly up?: Size | undefined
      /** Backend to client, per second: as `up`. */
      readonly down?: Size | undefined
    }

/** Limits of each client address by itself. One of them beside the prefixes must be there. */
export interface SourceLimitsInput {
  /** How many bits of an IPv4 address count as one source: 8 to 32. Default 32: each address. */
  readonly prefix4?: number | undefined
  /** How many bits of an IPv6 address count as one source: 16 to 128. Default 64. */
  readonly prefix6?: number | undefined
  /** Open connections of one source: 1 to 10,000,000. Default: no limit. */
  readonly maxConnections?: number | undefined
  /** New connections of one source. Default: no limit. */
  readonly newPerSecond?: RateInput | undefined
  /** Bytes of all connections of one source together. Default: no limit. */
  readonly bytesPerSecond?: BandwidthInput | undefined
  /** Bytes of one source in a day of UTC, both directions together: 1 KiB to 1024 TiB. Default 0: no limit. */
  readonly bytesPerDay?: Size | undefined
}

/** Limits of each connection by itself. One of them must be there. */
export interface ConnectionLimitsInput {
  /** Default: no limit. */
  readonly bytesPerSecond?: BandwidthInput | undefined
  /** Bytes of both directions together: 1 KiB to 1024 TiB. Then millrace ends the connection. Default 0: no limit. */
  readonly maxBytes?: Size | undefined
}

/** What every scope can limit. The limits of all scopes hold together. */
export interface CommonLimitsInput {
  /** Open connections: 1 to 10,000,000. Default: no limit, and for the whole proxy what file descriptors are enough for. */
  readonly maxConnections?: number | undefined
  /** New connections. Default: no limit. */
  readonly newPerSecond?: RateInput | undefined
  /** Bytes of all connections together. Default: no limit. */
  readonly bytesPerSecond?: BandwidthInput | undefined
  /** Limits of each client address by itself. Default: none. */
  readonly perSource?: SourceLimitsInput | undefined
  /** Limits of each connection by itself. Default: none. */
  readonly perConnection?: ConnectionLimitsInput | undefined
  /**
   * What happens to clients above `maxConnections` and `newPerSecond`. `wait`: a listener accepts nobody, and a cluster queues
   * them. `refuse`: they are refused. A source above its own limit is always refused. Default `wait`.
   */
  readonly whenFull?: WhenFull | undefined
  /** How a refused client is told. Default: `refuseAs` of the wider scope, or `reset`. */
  readonly refuseAs?: RefuseAs | undefined
  /** millrace refuses nobody because of these limits. It counts and logs whom it would have refused. Default false. */
  readonly dryRun?: boolean | undefined
}

/**
 * An address range such as `10.0.0.0/8`, `!10.1.0.0/16` for an exception from a larger one, or a file with one of these in each line.
 */
export type AccessEntryInput = string | { readonly file: string }

/** All keys have defaults, so `{}` is enough. */
export interface BanInput {
  /** So many refusals by a limit of a source or by a route: 1 to 1,000. Default 10. */
  readonly after?: number | undefined
  /** They must come within this time: 1 ms to 24 days. Default 1 minute. */
  readonly withinMs?: Duration | undefined
  /** How long the source is banned: 1 ms to 24 days. Default 10 minutes. */
  readonly forMs?: Duration | undefined
}

export interface ListenerLimitsInput extends CommonLimitsInput {
  /** Only these clients may come in. Default: all. */
  readonly allow?: readonly AccessEntryInput[] | undefined
  /** These clients may not come in, even if `allow` names them. Default: none. */
  readonly deny?: readonly AccessEntryInput[] | undefined
  /** Bans sources that come again and again although they have reached a limit. Default: nobody is banned. */
  readonly ban?: BanInput | undefined
}

export interface ProcessLimitsInput extends ListenerLimitsInput {
  /** How many sources millrace remembers, each once in each scope that counts it: 1,000 to 10,000,000. Default 100,000. */
  readonly sources?: number | undefined
  /** When file descriptors or memory run out, millrace ends the connections that are idle longest. Default: it ends none. */
  readonly evictIdle?: EvictIdleInput | undefined
}

export interface EvictIdleInput {
  /** It never ends a connection that has been idle for less than this: 1 s to 24 days. */
  readonly afterMs: Duration
}

export interface ClusterLimitsInput extends CommonLimitsInput {
  /** Limits of each backend that has none of its own. */
  readonly perBackend?: BackendLimitsInput | undefined
  /** How long a client waits for a place: up to 24 days. 0: until it leaves. Default: `timeouts.connectMs`. */
  readonly queueMs?: Duration | undefined
  /** How many clients may wait: 1 to 1,000,000. Default 0: no limit. */
  readonly queueLength?: number | undefined
}

export interface BackendLimitsInput {
  /** Open connections to one backend: 1 to 10,000,000. Default: no limit. */
  readonly maxConnections?: number | undefined
}
