/** What a config says about the health of a cluster's backends. docs/health.md explains it, and docs/config.md lists the same keys. */
import type { Failback, OnDown, OnRecovered, WhenAllDown } from '../cluster/health/policy.js'
import type { BackendTlsInput, Duration } from './common-input.js'

/** All keys may be missing. */
export interface HealthInput {
  /**
   * Active checks of the backends. `tcp`: connects, without TLS. `tls`: the TLS handshake, too. `http`: a request as well.
   * Default: no checks.
   */
  readonly check?: 'tcp' | 'tls' | 'http' | CheckInput | undefined
  /** An agent beside each backend says how much it can take, or that it is down. Default: no agent. */
  readonly agent?: AgentInput | undefined
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

/** Without `http` and `script`, a check connects, and does the TLS handshake if there is TLS. */
export interface CheckInput {
  /** Sends a request, and reads the status of the answer. `true`: the default of each value. Default: no request. */
  readonly http?: HttpCheckInput | boolean | undefined
  /** Texts to send and to expect, in this order: 1 to 20 steps. Default: none. */
  readonly script?: readonly ScriptStepInput[] | undefined
  /** The port to check: 1 to 65535. Default: that of the backend. */
  readonly port?: number | undefined
  /**
   * TLS of the check. `true`: the `tls` of the cluster, or its defaults. Default: without `port` the `tls` of the cluster, with
   * `port` none.
   */
  readonly tls?: BackendTlsInput | boolean | undefined
  /** A PROXY header without a client comes first. Default: without `port` as the cluster has it, with `port` none. */
  readonly sendProxy?: 'off' | 'v1' | 'v2' | undefined
  /** Time from the end of a check to the next one: 1 ms to 24 days. Default 2 s. */
  readonly everyMs?: Duration | undefined
  /** The same while the state changes. Default: `everyMs`. */
  readonly fastMs?: Duration | undefined
  /** The same while the backend is down. Default: `everyMs`. */
  readonly downMs?: Duration | undefined
  /** How long a check may take: 1 ms to 24 days. Default: `everyMs`. */
  readonly timeoutMs?: Duration | undefined
  /** Checks in a row that have to pass until a backend that is down is up: 1 to 1000. Default 2. */
  readonly rise?: number | undefined
  /** Checks in a row that have to fail until a backend that is up is down: 1 to 1000. Default 3. */
  readonly fall?: number | undefined
  /** How much longer or shorter each time between checks may be: 0 to 50. Default 10. */
  readonly jitterPercent?: number | undefined
  /** What a backend counts as until its first check ends. Default `up`. */
  readonly init?: 'up' | 'down' | undefined
}

export interface HttpCheckInput {
  /** In capitals. Default `GET`. */
  readonly method?: string | undefined
  /** With a query if need be. Default `/`. */
  readonly path?: string | undefined
  /** The `Host` field. Default: the host of the backend. */
  readonly host?: string | undefined
  /** The statuses with which the check passes, such as `200` or `200-399`. Default `200-399`. */
  readonly status?: string | number | readonly (string | number)[] | undefined
}

/** Either `send` or `expect`. A text that begins with `hex:` has its bytes in hex. 1 to 4096 bytes. */
export interface ScriptStepInput {
  readonly send?: string | undefined
  /** Must occur in what has come since the last `send`, of which the first 16 KiB count. */
  readonly expect?: string | undefined
  /** How many bytes stand before the expected ones: 0 to 16,383. Default: any number. */
  readonly at?: number | undefined
}

export interface AgentInput {
  /** The port on which the agent of each backend listens: 1 to 65535. */
  readonly port: number
  /** What the agent is sent first. Bytes as in a script. Default: nothing. */
  readonly send?: string | undefined
  /** Time from one answer to the next question: 1 ms to 24 days. Default 2 s. */
  readonly everyMs?: Duration | undefined
  /** How long the agent may take: 1 ms to 24 days. Default: `everyMs`. */
  readonly timeoutMs?: Duration | undefined
}
