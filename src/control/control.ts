/**
 * What an operator can see and do, plain data in and plain data out. A proxy answers it in its own process, a
 * supervisor by asking its workers. The HTTP API, the command and the status page all use it.
 */
import type { BackendStatus } from '../cluster/backend.js'
import type { LogLevel } from '../config/schemas/log-schema.js'
import type { ProxyStatus } from '../observe/status.js'
import type {
  BanList,
  Banned,
  Changed,
  ChangedListener,
  ConnectionList,
  Difference,
  DrainResult,
  Held,
  Killed,
  Limited,
  Readiness,
  Released,
  Reloaded,
  ServingTier,
  SourceList,
  Unbanned,
  Upgraded,
} from './answers.js'
import type {
  BackendChange,
  BanOrder,
  BanQuery,
  ChangeOrder,
  ConnectionFilter,
  ConnectionQuery,
  DrainOrder,
  HoldOrder,
  ListenerChange,
  RateOrder,
  SourceQuery,
  UnbanOrder,
} from './orders.js'

export interface Control {
  status(): Promise<ProxyStatus>
  /** Its cost does not grow with the number of connections. */
  readiness(): Promise<Readiness>
  connections(query: ConnectionQuery): Promise<ConnectionList>
  /** The sources that limits count. Rejects with `unknown-name` if no limit counts sources in the scope. */
  sources(query: SourceQuery): Promise<SourceList>
  /** Ends connections with a reset, whatever is in flight. An empty filter means all of them. */
  kill(filter: ConnectionFilter): Promise<Killed>
  /**
   * Changes how fast one connection may be, by itself. Shared limits hold as before. Rejects with `unknown-name` if there is no
   * connection with this id.
   */
  limit(id: string, order: RateOrder): Promise<Limited>
  /**
   * Stops new connections. With a deadline, it resolves when no connection of `order` is left. Without one,
   * it resolves at once, and open connections go on. If everything is drained, the process ends with its last
   * connection.
   */
  drain(order: DrainOrder): Promise<DrainResult>
  /** Drains everything within the config's `drainMs`, like SIGTERM. */
  end(): Promise<DrainResult>
  /** Rejects with `unknown-name` if there is no such backend. */
  changeBackend(cluster: string, backend: string, change: BackendChange): Promise<BackendStatus>
  /** Opens a listener again, or drains it. Rejects with `unknown-name`, and with `listen-failed`: then it stays drained. */
  changeListener(listener: string, change: ListenerChange): Promise<ChangedListener>
  /**
   * Lets a cluster with `failback: manual` go back to the first tier that works. Rejects with `unknown-name`, and with
   * `wrong-state` if the cluster goes back by itself.
   */
  failback(cluster: string): Promise<ServingTier>
  bans(query: BanQuery): Promise<BanList>
  /**
   * Turns clients away until the ban ends, also those that a trusted proxy names. Rejects with `bad-argument`, and with
   * `wrong-state` if there are too many bans.
   */
  ban(order: BanOrder): Promise<Banned>
  /** Ends bans, also those that a limit has begun. Rejects with `bad-argument`, and with `unknown-name` if nothing is banned. */
  unban(order: UnbanOrder): Promise<Unbanned>
  /** Lets new clients of a cluster wait. Rejects with `unknown-name` and `bad-argument`. A second order replaces the first one. */
  hold(order: HoldOrder): Promise<Held>
  /** Ends a hold. Rejects with `unknown-name`, and with `wrong-state` if nobody holds the cluster. */
  release(cluster: string): Promise<Released>
  setLogLevel(level: LogLevel): Promise<{ readonly level: LogLevel }>
  /** Opens the log files again, after somebody has moved them. */
  reopenLogs(): Promise<void>
  /** Rejects with `config-invalid`, `config-unreadable` or `listen-failed`. Then nothing has changed. */
  reload(): Promise<Reloaded>
  /**
   * Changes the running config without its file. A reload keeps what the file does not have. Rejects with `unknown-name`, with
   * `config-invalid`, `wrong-state` or `listen-failed`. Then nothing has changed.
   */
  change(order: ChangeOrder): Promise<Changed>
  /** Compares the running config with the config file as it is now. */
  difference(): Promise<Difference>
  /**
   * Starts the program anew, as it stands on disk, and lets the new process serve instead of this one. Rejects with
   * `wrong-state`, and with what the new process says. Then nothing has changed.
   */
  upgrade(): Promise<Upgraded>
}

const METHODS: Readonly<Record<keyof Control, true>> = {
  status: true,
  readiness: true,
  connections: true,
  sources: true,
  kill: true,
  limit: true,
  drain: true,
  end: true,
  changeBackend: true,
  changeListener: true,
  failback: true,
  bans: true,
  ban: true,
  unban: true,
  hold: true,
  release: true,
  setLogLevel: true,
  reopenLogs: true,
  reload: true,
  change: true,
  difference: true,
  upgrade: true,
}

/** The names of all methods, for code that passes calls on. */
export const CONTROL_METHODS = Object.keys(METHODS) as (keyof Control)[]
