/** What a program has of its proxy to change it while it runs. Types only. */
import type { BackendInput } from '../config/schemas/backends-schema.js'
import type { Changed } from '../control/answers.js'

/** A listener that was opened at run time. */
export interface OpenListener {
  readonly name: string
  /** With the port in use. */
  readonly address: string
  /**
   * Accepts no more clients. Connections that are there drain for `timeouts.drainMs`. Resolves when it is closed, with false if it was closed
   * before.
   */
  close(): Promise<boolean>
}

export interface RemoveOptions {
  /** Also drains the connections to the backend, within `timeouts.drainMs`. Default: they go on. */
  readonly end?: boolean | undefined
}

/** A cluster by its name. Each function works without the object. */
export interface ClusterHandle {
  /**
   * Adds a backend. Resolves with what was done: nothing if it is there with the same values. Rejects with `unknown-name`,
   * `config-invalid`, and with `wrong-state` if it is there with other values.
   */
  add(backend: string | BackendInput): Promise<Changed>
  /** Removes the backend with this address. Rejects with `unknown-name`. */
  remove(address: string, options?: RemoveOptions): Promise<Changed>
}
