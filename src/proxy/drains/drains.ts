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

/** A drain of a part of the proxy, until its deadline. */
interface Ordered {
  readonly scope: DrainScope
  /** By `performance.now()`. */
  readonly until: number
  /** Backends that go on. */
  readonly spared: Set<Backend>
}

/** What a connection is for. */
export interface Part {
  readonly listener: string
  readonly cluster: string
  readonly backend: Backend
}

/** So many are remembered. */
const MOST_ORDERED = 1000

export class Drains {
  readonly #running = new Set<Drain>()
  #ordered: Ordered[] = []

  /**
   * Resolves when none of these connections is left, or when the drain is cancelled. Not `async`, because an
   * async function keeps its arguments while it waits, and with them every ended connection.
   */
  run(scope: DrainScope, connections: readonly Connection[], times: DrainTimes): Promise<DrainResult> {
    this.#remember(scope, times)
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

  /**
   * Whether a connection of another process would come too late for a drain, which has the connections that were there when it began.
   * The other process got the same order, and drains the connection itself.
   */
  isTooLate({ listener, cluster, backend }: Part): boolean {
    const now = performance.now()
    return this.#ordered.some(
      ({ scope, until, spared }) =>
        until > now &&
        (scope.listener ?? listener) === listener &&
        (scope.cluster ?? cluster) === cluster &&
        (scope.backend ?? backend.name) === backend.name &&
        !spared.has(backend),
    )
  }

  /** A connection has ended. */
  left(connection: Connection): void {
    for (const drain of this.#running) drain.left(connection)
  }

  /** An operator wants this backend to go on, or at least its connections. */
  spareBackend(backend: Backend): void {
    for (const { scope, spared } of this.#ordered) if (scope.cluster !== undefined) spared.add(backend)
    for (const drain of this.#running) {
      if (drain.scope.cluster !== undefined) drain.release((connection) => connection.backend === backend)
    }
  }

  /** A reload has opened these listeners again, or others with their names. */
  spareListeners(listeners: readonly Listener[], services: ReadonlyMap<Listener, Service>): void {
    const names = new Set(listeners.map((listener) => services.get(listener)!.name))
    this.#ordered = this.#ordered.filter(({ scope: { listener } }) => !names.has(listener ?? ''))
    for (const drain of this.#running) {
      if (drain.scope.listener === undefined) continue
      drain.release(({ service }) => listeners.includes(service.listener) || names.has(service.name))
    }
  }

  #remember(scope: DrainScope, { deadlineMs }: DrainTimes): void {
    if (deadlineMs === 0 || (scope.listener === undefined && scope.cluster === undefined)) return
    const now = performance.now()
    const present = this.#ordered.filter(({ until }) => until > now).slice(1 - MOST_ORDERED)
    this.#ordered = [...present, { scope, until: now + deadlineMs, spared: new Set() }]
  }
}
