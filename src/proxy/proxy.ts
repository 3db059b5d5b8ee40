/**
 * A proxy as its users see it: what it can be told, and what it answers.
 */
import type { ProxyConfig } from '../config/input.js'
import type { DrainResult, Reloaded } from '../control/answers.js'
import type { DrainOrder } from '../control/orders.js'
import type { Log } from '../observe/log/log.js'
import type { ProxyStatus } from '../observe/status.js'

export interface ProxyOptions {
  /** Where logs and records go. Default: pino on stdout with the config's `log.level`, pretty on a terminal. */
  readonly log?: Log
  /** Listen with SO_REUSEPORT, so that several processes can have the same address. Default false. */
  readonly sharePorts?: boolean
}

export interface Proxy {
  /**
   * Listens on every listener or on none. Rejects with `listen-failed`, naming the listener and what to do, and
   * with `wrong-state` when it was started before, or is drained or stopped before it listens.
   */
  start(): Promise<void>
  /** Facts and figures of this moment. */
  status(): ProxyStatus
  /**
   * Takes another config up without touching a connection. Listeners that are new are opened first; those that are
   * gone accept no more, and their connections drain for `drainMs`. Where anything fails nothing has changed: rejects
   * with `config-invalid` and every problem, with `listen-failed` and `log-failed`, and with `wrong-state` where it does not run.
   */
  reload(config: ProxyConfig): Promise<Reloaded>
  /**
   * Accepts no more, lets what runs finish, ends the rest before and at the deadline. Resolves when nothing is left, or
   * it was called off: by a reload that opens its listener again, by a backend that is set `up` or `down`. Without a
   * listener, cluster or backend that is the end of this proxy. Rejects with `unknown-name` and `bad-argument`.
   */
  drain(order?: DrainOrder): Promise<DrainResult>
  /** Ends everything now. Resolves when nothing is left. */
  stop(): Promise<void>
}
