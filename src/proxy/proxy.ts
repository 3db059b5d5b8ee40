/**
 * A proxy as its users see it: what it can be told, what it answers, and how one is made.
 */
import type { ProxyConfig } from '../config/input.js'
import { validateConfig } from '../config/validate.js'
import type { Log } from '../observe/log.js'
import type { ProxyStatus } from '../observe/status.js'
import type { DrainResult } from './drain.js'
import { LibraryProxy } from './library-proxy.js'

export type { DrainResult }

export interface ProxyOptions {
  /** Where logs and records go. Default: pino on stdout with the config's `log.level`, pretty on a terminal. */
  readonly log?: Log
  /** Listen with SO_REUSEPORT, so that several processes can have the same address. Default false. */
  readonly sharePorts?: boolean
}

export interface DrainOptions {
  /**
   * Connections still running after this many ms, at most 24 days, are cut. Default: the config's `drainMs`. 0: they
   * never are.
   */
  readonly deadlineMs?: number | undefined
  /**
   * For this many ms before the deadline connections are ended one after another, each with FIN in a moment when
   * nothing of it is in flight, so that not all of them come back at once. At most the deadline. Default: half
   * of it. 0: nobody is told anything before.
   */
  readonly spreadMs?: number | undefined
}

/** At most one of `listener`, `cluster`, and `cluster` with `backend`. None: everything, as when a process ends. */
export interface DrainOrder extends DrainOptions {
  /** It accepts no more, until a reload opens it again. */
  readonly listener?: string | undefined
  /** Its backends get no new connections, until they are set `up` again. */
  readonly cluster?: string | undefined
  /** The address as configured. It gets no new connections, until it is set `up` again. */
  readonly backend?: string | undefined
}

export interface Reloaded {
  /** Names of what differs from the config before, such as `listeners.web` or `timeouts`. */
  readonly changed: readonly string[]
  /** What is different from what the process was started with, and only takes effect when it is started again. */
  readonly needsRestart: readonly string[]
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

/**
 * A proxy of this config, not yet started.
 *
 * @throws MillraceError `config-invalid`, whose `problems` list everything that is wrong with the config.
 */
export function createProxy(config: ProxyConfig, options: ProxyOptions = {}): Proxy {
  return new LibraryProxy(validateConfig(config), options)
}
