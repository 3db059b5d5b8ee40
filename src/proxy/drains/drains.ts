/**
 * The drains that run in a proxy. A drain is cancelled if what it drains is to be used again.
 */
import type { Backend } from '../../cluster/backend.js'
import type { Connection } from '../../connection/connection.js'
import type { Service } from '../../connection/service.js'
import type { DrainResult } from '../../control/answers.js'
import type { DrainTimes } from '../../control/drain-order.js'
import type { Listener } from '../../listener/listener.js'
import type { DrainScope, DrainStatus } from '../../observe/status.js'
import { Drain, type DrainCause } from './drain.js'

export interface BegunDrain {
  /** The connections at the start of the drain. */
  readonly left: number
  /** Resolves when none of them is left, or when the drain is cancelled. */
  readonly done: Promise<DrainResult>
}

export class Drains {
  readonly #running = new Set<Drain>()

  /**
   * Resolves when none of these connections is left, or when the drain is cancelled. Not `async`, because an
   * async function keeps its arguments while it waits, and with them every ended connection.
   */
  run(scope: DrainScope, connections: readonly Connection[], times: DrainTimes): Promise<DrainResult> {
    return this.begin(scope, connections, times, 'drained').done
  }

  /** The same, with another cause in the records. Who begins it may release connections from it. */
  begin(
    scope: DrainScope,
    connections: readonly Connection[],
    times: DrainTimes,
    cause: DrainCause,
  ): Pick<Drain, 'done' | 'release'> {
    const drain = new Drain(scope, connections, times, cause)
    this.#running.add(drain)
    const done = drain.done.then((result) => {
      this.#running.delete(drain)
      return result
    })
    return { done, release: (goesOn) => drain.release(goesOn) }
  }

  status(): DrainStatus[] {
    return Array.from(this.#running, ({ status }) => status)
  }

  /** Whether a drain of a part of the proxy ends the connection at its deadline. */
  ends(connection: Connection): boolean {
    const isOfAPart = ({ listener, cluster }: DrainScope): boolean =>
      listener !== undefined || cluster !== undefined
    return Array.from(this.#running).some((drain) => isOfAPart(drain.scope) && drain.ends(connection))
  }

  /** A connection has ended. */
  left(connection: Connection): void {
    for (const drain of this.#running) drain.left(connection)
  }

  /** An operator wants this backend to go on, or at least its connections. */
  spareBackend(backend: Backend): void {
    for (const drain of this.#running) {
      if (drain.scope.cluster !== undefined) drain.release((connection) => connection.backend === backend)
    }
  }

  /** A reload has opened these listeners again, or others with their names. */
  spareListeners(listeners: readonly Listener[], services: ReadonlyMap<Listener, Service>): void {
    const names = new Set(listeners.map((listener) => services.get(listener)!.name))
    for (const drain of this.#running) {
      if (drain.scope.listener === undefined) continue
      drain.release(({ service }) => listeners.includes(service.listener) || names.has(service.name))
    }
  }
}
