/**
 * What an operator can see and do of one proxy in this process.
 */
import type {
  BackendChange,
  ConnectionFilter,
  ConnectionList,
  ConnectionQuery,
  Control,
  Killed,
} from '../admin/control.js'
import type { BackendStatus } from '../cluster/backend.js'
import type { LogLevel } from '../config/input.js'
import type { ProxyStatus } from '../observe/status.js'
import { ConnectionWatch } from './connection-watch.js'
import type { DrainOrder, DrainResult, Reloaded } from './proxy.js'
import type { RunningProxy } from './running-proxy.js'
import { findBackend } from './scope.js'

/** What only the process around a proxy can do. */
export interface Surroundings {
  /** Everything is to be drained, and the process to end afterwards. */
  drainAll(order: DrainOrder): Promise<DrainResult>
  reload(): Promise<Reloaded>
  setLogLevel(level: LogLevel): void
  reopenLogs(): Promise<void>
}

export class ProxyControl implements Control {
  readonly #proxy: RunningProxy
  readonly #surroundings: Surroundings
  readonly #watch: ConnectionWatch

  constructor(proxy: RunningProxy, surroundings: Surroundings) {
    this.#proxy = proxy
    this.#surroundings = surroundings
    this.#watch = new ConnectionWatch(proxy)
  }

  async status(): Promise<ProxyStatus> {
    return this.#proxy.status()
  }

  async connections(query: ConnectionQuery): Promise<ConnectionList> {
    return this.#watch.list(query)
  }

  async kill(filter: ConnectionFilter): Promise<Killed> {
    const matching = this.#watch.matching(filter)
    for (const connection of matching) connection.end('killed')
    return { killed: matching.length }
  }

  async drain(order: DrainOrder): Promise<DrainResult> {
    const isAboutAll = order.listener === undefined && order.cluster === undefined && order.backend === undefined
    return isAboutAll ? this.#surroundings.drainAll(order) : this.#proxy.drain(order)
  }

  async changeBackend(cluster: string, backend: string, change: BackendChange): Promise<BackendStatus> {
    const found = findBackend(this.#proxy.generation, cluster, backend)
    if (change.weight !== undefined) found.weight = change.weight
    if (change.state === 'drain') void this.#proxy.drain({ cluster, backend })
    else if (change.state !== undefined) found.setTo = change.state
    return found.status(performance.now())
  }

  async setLogLevel(level: LogLevel): Promise<{ readonly level: LogLevel }> {
    this.#surroundings.setLogLevel(level)
    return { level }
  }

  async reopenLogs(): Promise<void> {
    await this.#surroundings.reopenLogs()
  }

  async reload(): Promise<Reloaded> {
    return this.#surroundings.reload()
  }
}
