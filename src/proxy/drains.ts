/**
 * The drains that run in a proxy, and what calls them off: that what was drained is to be used again.
 */
import type { Backend } from '../cluster/backend.js'
import type { Connection } from '../connection/connection.js'
import type { Listener } from '../listener/listener.js'
import type { DrainScope, DrainStatus } from '../observe/status.js'
import { Drain, type DrainResult, type DrainTimes } from './drain.js'

export class Drains {
  readonly #running = new Set<Drain>()

  /** Resolves when none of these connections is left, or it was called off. */
  async run(scope: DrainScope, connections: readonly Connection[], times: DrainTimes): Promise<DrainResult> {
    const drain = new Drain(scope, connections, times)
    this.#running.add(drain)
    const result = await drain.done
    this.#running.delete(drain)
    return result
  }

  status(): DrainStatus[] {
    return Array.from(this.#running, ({ status }) => status)
  }

  /** A connection is over. */
  left(connection: Connection): void {
    for (const drain of this.#running) drain.left(connection)
  }

  /** An operator has said that this one goes on, or that its connections do. */
  spareBackend(backend: Backend): void {
    for (const drain of this.#running) {
      if (drain.scope.cluster !== undefined) drain.release((connection) => connection.backend === backend)
    }
  }

  /** A reload has opened these again, or others of their names. */
  spareListeners(listeners: ReadonlySet<Listener>, names: ReadonlySet<string>): void {
    for (const drain of this.#running) {
      if (drain.scope.listener === undefined) continue
      drain.release(({ service }) => listeners.has(service.listener) || names.has(service.name))
    }
  }
}
