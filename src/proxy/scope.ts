/**
 * What a drain is about, and which connections it has. What a reload took out of the config keeps its name
 * while it has connections.
 */
import type { Connection } from '../connection/connection.js'
import { checkScope } from '../control/drain-order.js'
import { checkNames, type Named } from '../control/names.js'
import type { DrainOrder } from '../control/orders.js'
import type { DrainScope } from '../observe/status.js'
import type { Catalogue, IsUsed } from './catalogue/catalogue.js'

/**
 * Undefined: the order is about everything.
 *
 * @throws MillraceError `unknown-name`, `bad-argument`
 */
export function scopeOf(order: DrainOrder, catalogue: Catalogue): DrainScope | undefined {
  checkScope(order)
  const { listener, cluster, backend } = order
  if (listener === undefined && cluster === undefined) return undefined
  checkNames(order, catalogue.names)
  if (listener !== undefined) return { listener }
  return backend === undefined ? { cluster } : { cluster, backend }
}

/** A connection belongs to the listener name with which it was accepted, as in its record. */
export function isOf({ listener, cluster, backend }: Named, connection: Connection): boolean {
  if (listener !== undefined && connection.service.name !== listener) return false
  if (cluster !== undefined && connection.cluster !== cluster) return false
  return backend === undefined || connection.backend?.name === backend
}

/** Finds out in one pass what these connections use. */
export function usesOf(connections: readonly Connection[]): IsUsed {
  const listeners = new Set<string>()
  const backends = new Map<string, Set<string>>()
  for (const { service, cluster, backend } of connections) {
    listeners.add(service.name)
    if (cluster === undefined) continue
    if (!backends.has(cluster)) backends.set(cluster, new Set())
    if (backend !== undefined) backends.get(cluster)!.add(backend.name)
  }
  return ({ listener, cluster, backend }) => {
    if (listener !== undefined) return listeners.has(listener)
    const used = backends.get(cluster!)
    return backend === undefined ? used !== undefined : used?.has(backend) === true
  }
}
