/**
 * Orders to hold and to release the clusters of a proxy in this process. The queue of a cluster knows whether it is held. This
 * file says who may be held, drains the connections that are there if the order says so, and logs.
 */
import type { Cluster } from '../cluster/cluster.js'
import type { Connection } from '../connection/connection.js'
import type { Held, Released } from '../control/answers.js'
import { checkHold, isNotHeld } from '../control/hold-order.js'
import { checkNames, unknownName } from '../control/names.js'
import type { HoldOrder } from '../control/orders.js'
import type { Log } from '../observe/log/log.js'
import type { Catalogue } from './catalogue/catalogue.js'
import type { Drains } from './drains/drains.js'

/** What it needs of its proxy. */
export interface HoldsHost {
  readonly log: Log
  readonly catalogue: Catalogue
  readonly clusters: { get(name: string): Cluster | undefined }
  readonly drains: Drains
  readonly config: { readonly timeouts: { readonly drainMs: number } }
  connections(): readonly Connection[]
}

export class Holds {
  readonly #proxy: HoldsHost

  constructor(proxy: HoldsHost) {
    this.#proxy = proxy
  }

  hold(order: HoldOrder): Held {
    const { cluster: name, maxMs, end = false } = order
    checkHold(order)
    const { queue } = this.#clusterOf(name)
    const { log } = this.#proxy
    queue.hold(maxMs, () =>
      log.warn({ cluster: name }, `cluster ${name}: the hold has lasted ${maxMs} ms and ends`),
    )
    const connected = this.#proxy
      .connections()
      .filter(({ cluster, connectedMs }) => cluster === name && connectedMs !== undefined)
    log.info({ ...order, connections: connected.length }, `cluster ${name}: new clients wait`)
    if (end) this.#drain(name, connected, maxMs)
    return { cluster: name, connections: connected.length }
  }

  release(name: string): Released {
    const { queue } = this.#clusterOf(name)
    const waited = queue.length
    if (!queue.release()) throw isNotHeld(name)
    this.#proxy.log.info({ cluster: name, waited }, `cluster ${name}: clients go on`)
    return { cluster: name, waited }
  }

  /** In quiet moments, and the rest at the end of the time. */
  #drain(cluster: string, connections: readonly Connection[], maxMs: number): void {
    const { drainMs } = this.#proxy.config.timeouts
    const deadlineMs = drainMs === 0 ? maxMs : Math.min(drainMs, maxMs)
    void this.#proxy.drains.run({ cluster }, connections, { deadlineMs, spreadMs: deadlineMs })
  }

  #clusterOf(name: string): Cluster {
    checkNames({ cluster: name }, this.#proxy.catalogue.names)
    const cluster = this.#proxy.clusters.get(name)
    if (cluster === undefined) throw unknownName('cluster', name)
    return cluster
  }
}
