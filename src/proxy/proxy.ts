/**
 * A proxy as library users see it: what they can call, and what they get.
 */
import type { Abortable } from '../abort.js'
import type { ProxyConfig } from '../config/input.js'
import type { ListenerInput } from '../config/listener-input.js'
import type {
  BanList,
  Banned,
  DrainResult,
  Held,
  Released,
  Reloaded,
  ServingTier,
  SourceList,
  Unbanned,
} from '../control/answers.js'
import type {
  BanOrder,
  BanQuery,
  DrainOrder,
  HoldOrder,
  RateOrder,
  SourceQuery,
  UnbanOrder,
} from '../control/orders.js'
import type { Logger } from '../observe/log/borrowed-log.js'
import type { ProxyStatus } from '../observe/status.js'
import type {
  ProxyEventListener,
  ProxyEventName,
  RecordReader,
  RecordsOptions,
} from './events/event-types.js'
import type { ClusterHandle, OpenListener } from './library-handles.js'
import type { LiveConnection } from './live-connection.js'

export interface ProxyOptions {
  /**
   * The logger for log lines and records: one of pino, `console`, or another one with these methods. What it throws ends
   * nothing. Default: pino on stdout with the config's `log.level`, formatted on a terminal.
   */
  readonly log?: Logger | undefined
  /**
   * Whether to listen with SO_REUSEPORT, so that several processes can have the same address. Default false.
   */
  readonly sharePorts?: boolean | undefined
}

/** The order of a drain, and a signal that ends the wait for it. */
export interface LibraryDrainOrder extends DrainOrder, Abortable {}

export interface Proxy {
  /**
   * Opens every listener or none. Rejects with `listen-failed`, which names the listener and says what to do.
   * Rejects with `wrong-state` if the proxy was started before, or is drained or stopped before it listens. After any other error
   * it may be called again. If the signal aborts, closes what it has opened, rejects with the signal's reason, and may be called
   * again.
   */
  start(options?: Abortable): Promise<void>
  /** Facts and figures of this moment. */
  status(): ProxyStatus
  /**
   * The client addresses that limits count, each once in each scope. Throws `unknown-name` if no limit counts sources in the
   * scope.
   */
  sources(query?: SourceQuery): SourceList
  /**
   * Loads another config without touching open connections. New listeners open first. Listeners that are gone
   * accept no more, and their connections drain for `drainMs`. If anything fails, nothing has changed.
   * Rejects with `config-invalid` and every problem, with `listen-failed`, with `log-failed`, and with
   * `wrong-state` if the proxy does not run. If the signal aborts before the config is taken up, nothing has changed, and it rejects
   * with the signal's reason.
   */
  reload(config: ProxyConfig, options?: Abortable): Promise<Reloaded>
  /**
   * Opens one more listener, as in the config, while the proxy runs. Without a name, a listener at port 0 gets one. Rejects with
   * `config-invalid` and every problem, with `listen-failed`, and with `wrong-state` if the proxy does not run, if another listener has this
   * name, or if there are 10,000 changes at run time. Then nothing has changed.
   */
  listen(listener: ListenerInput): Promise<OpenListener>
  /** A cluster, whose backends change while the proxy runs. */
  cluster(name: string): ClusterHandle
  /**
   * Stops new connections, lets open ones finish, and ends the rest before and at the deadline. Resolves when
   * none is left, or when the drain is cancelled: by `openListener`, or by an
   * operator who sets the backend `up` or `drain`. Without a listener, cluster or backend, the drain ends
   * this proxy. Rejects with `unknown-name` and `bad-argument`. If the signal aborts, it rejects with the signal's reason and the drain
   * goes on. If the signal has aborted before, nothing is drained.
   */
  drain(order?: LibraryDrainOrder): Promise<DrainResult>
  /**
   * Lets a drained listener accept clients again. A reload does not do that. Does nothing if it is open. Rejects with `unknown-name`,
   * and with `listen-failed`: then it stays drained.
   */
  openListener(listener: string): Promise<void>
  /**
   * The connections that are open, in no particular order. A loop over them may end connections, and leaves out those that begin or end
   * meanwhile. It waits for nothing.
   */
  connections(): Iterable<LiveConnection>
  /**
   * Changes how fast one connection may be by itself, by its id, which the admin API and backends are told. Limits that it
   * shares with others hold as before. Throws `unknown-name` if no connection has this id, and `bad-argument`.
   */
  limit(id: string, order: RateOrder): void
  /**
   * Lets a cluster with `failback: manual` go back to the first tier that works, and forgets what failed connects have shown
   * about it. Resolves with the tier that serves then. Rejects with `unknown-name`, and with `wrong-state` if the cluster goes
   * back by itself.
   */
  failback(cluster: string): Promise<ServingTier>
  /**
   * Turns the clients of an address or a network away until the ban ends, also those that a trusted proxy names. Rejects with
   * `bad-argument`, and with `wrong-state` if there are too many bans.
   */
  ban(order: BanOrder): Promise<Banned>
  /**
   * Ends the bans of an address or a network, or all bans if the order names none. Rejects with `bad-argument`, and with
   * `unknown-name` if there is no such ban.
   */
  unban(order: UnbanOrder): Promise<Unbanned>
  /** Bans that hold: at most `limit`, by default 100. The one that has turned away the most clients comes first. */
  bans(query?: BanQuery): Promise<BanList>
  /**
   * Lets new clients of a cluster wait: millrace reads no byte of them. They get a backend in order after `release`, or when
   * `maxMs` is over. Connections that are there go on. With `end` they are drained. A second order replaces the first one, and a
   * reload keeps the hold. Resolves with how many connections are there. Rejects with `unknown-name` and `bad-argument`.
   */
  hold(order: HoldOrder): Promise<Held>
  /**
   * Ends the hold of a cluster. Resolves with how many clients have waited for it. Rejects with `unknown-name`, and with
   * `wrong-state` if nobody holds the cluster.
   */
  release(cluster: string): Promise<Released>
  /**
   * Calls the listener with each event of this name, in the asynchronous context of `start()`, right after it has happened. What the
   * listener throws or rejects with ends nothing. It is told once with `process.emitWarning`. Returns the proxy. Throws `bad-argument`.
   */
  on<Name extends ProxyEventName>(name: Name, listener: ProxyEventListener<Name>): Proxy
  /** The same for the next event alone. */
  once<Name extends ProxyEventName>(name: Name, listener: ProxyEventListener<Name>): Proxy
  /** Calls the listener no more. Does nothing if it is not there. */
  off<Name extends ProxyEventName>(name: Name, listener: ProxyEventListener<Name>): Proxy
  /**
   * The record of each connection that ends from this call on, for one `for await`. It ends with the proxy. Of the records that wait for
   * a slow reader, those above `most` are left out and counted. Throws `bad-argument`.
   */
  records(options?: RecordsOptions): RecordReader
  /** Ends everything now. Resolves when no connection is left. */
  stop(): Promise<void>
  /** `await using`: as `stop()`. */
  [Symbol.asyncDispose](): Promise<void>
}
