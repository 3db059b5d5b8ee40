/** What you give to `faultyProxy`, and what you get. All of it is public. */
import type { Fault, FaultFunction, FaultKind, FaultyConnection } from './fault.js'

/** The faults of all connections, or a function that chooses them for each one. A list has at most 100 faults. */
export type Faults = readonly Fault[] | FaultFunction

export interface FaultyProxyOptions {
  /** The target: `host:port`, `[v6]:port`, `unix:/path` or `unix:@name`. */
  readonly to: string
  /** Where clients connect. Default `127.0.0.1:0`: any free port. */
  readonly listen?: string | undefined
  /** Default: none, so the proxy only passes bytes on. Not together with `seed`. */
  readonly faults?: Faults | undefined
  /** Chooses random faults, the same ones for the same seed: 0 to 4294967295. */
  readonly seed?: number | undefined
  /** Which faults `seed` may choose. Default: all. */
  readonly kinds?: readonly FaultKind[] | undefined
}

/** A proxy that a test runs in its own process. None of its functions needs `this`. */
export interface FaultyProxy {
  /** Where clients connect, such as `127.0.0.1:40123`. */
  readonly address: string
  /** The port of `address`. 0: it is a unix socket. */
  readonly port: number
  /** In order of arrival. Connections that have ended stay. Above 1000 the proxy forgets the oldest of these. */
  readonly connections: readonly FaultyConnection[]
  /** What each of `connections` got when it was accepted. It is plain data, for the output of a test that fails. */
  readonly schedule: readonly (readonly Fault[])[]
  /**
   * Replaces the faults of new connections and of those that are open. `after` counts from now on.
   *
   * @throws MillraceError `bad-argument`
   */
  set(faults: Faults): void
  /** Ends all faults, as `set([])`. What was delayed passes at once. What was sent (FIN, RST) or discarded stays so. */
  heal(): void
  /** Closes the port, so that clients get ECONNREFUSED. Connections that are open go on. */
  stopListening(): void
  /**
   * Opens the same port again. Rejects with MillraceError `listen-failed` if it is taken, and with `wrong-state` after `close`.
   */
  listenAgain(): Promise<void>
  /**
   * Closes the port and every socket. Resolves when nothing is left. It may be called again. Rejects with the first error of a
   * function for `faults`: what it threw, or a MillraceError `bad-argument` for what it returned.
   */
  close(): Promise<void>
  /** As `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}
