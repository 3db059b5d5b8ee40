/**
 * What a drain is about: which connections, and how no more of them come. What a reload has taken out of the config is
 * found by its name as long as its connections may go on.
 */
import type { Backend } from '../cluster/backend.js'
import type { Cluster } from '../cluster/cluster.js'
import { didYouMean } from '../config/suggest.js'
import type { Connection } from '../connection/connection.js'
import { checkScope } from '../control/drain-order.js'
import type { DrainOrder } from '../control/orders.js'
import { MillraceError } from '../errors.js'
import type { DrainScope } from '../observe/status.js'
import type { Names } from './names.js'

export interface Scope {
  readonly name: DrainScope
  has(connection: Connection): boolean
  /** From now on no connection joins. */
  close(): void
}

/** Undefined where it is about everything. @throws MillraceError `unknown-name`, `bad-argument` */
export function scopeOf(order: DrainOrder, names: Names): Scope | undefined {
  checkScope(order)
  const { listener, cluster, backend } = order
  if (listener !== undefined) return scopeOfListener(listener, names)
  if (cluster === undefined) return undefined
  if (backend === undefined) return scopeOfCluster(findCluster(names, cluster))
  return scopeOfBackend(cluster, findBackend(names, cluster, backend))
}

/** @throws MillraceError `unknown-name` */
export function findBackend(names: Names, cluster: string, backend: string): Backend {
  const known = findCluster(names, cluster)
  const found = known.backend(backend)
  const others = known.backends.map(({ name }) => name)
  if (found === undefined) throw unknown(`backend of ${JSON.stringify(cluster)}`, backend, others)
  return found
}

function findCluster(names: Names, name: string): Cluster {
  const found = names.cluster(name)
  if (found === undefined) throw unknown('cluster', name, names.clusters)
  return found
}

/** A connection is its listener's by the name it was accepted with, as in its record. */
function scopeOfListener(name: string, names: Names): Scope {
  if (!names.knowsListener(name)) throw unknown('listener', name, names.listeners)
  return {
    name: { listener: name },
    has: ({ service }) => service.name === name,
    close: () => names.listener(name)?.drain(),
  }
}

function scopeOfCluster(cluster: Cluster): Scope {
  return {
    name: { cluster: cluster.name },
    has: (connection) => connection.cluster === cluster.name,
    close: () => {
      for (const backend of cluster.backends) backend.setTo = 'drain'
    },
  }
}

function scopeOfBackend(cluster: string, backend: Backend): Scope {
  return {
    name: { cluster, backend: backend.name },
    has: (connection) => connection.backend === backend,
    close: () => {
      backend.setTo = 'drain'
    },
  }
}

function unknown(what: string, name: string, known: readonly string[]): MillraceError {
  const message = `there is no ${what} named ${JSON.stringify(name)}${didYouMean(name, known)}`
  return new MillraceError('unknown-name', message)
}
