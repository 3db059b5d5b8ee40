/**
 * What a drain is about: which connections, and how no more of them come.
 */
import type { Backend } from '../cluster/backend.js'
import type { Connection } from '../connection/connection.js'
import { MillraceError } from '../errors.js'
import type { Generation } from './generation.js'
import type { DrainOrder } from './proxy.js'

export interface Scope {
  has(connection: Connection): boolean
  /** From now on no connection joins. */
  close(): void
}

/** Undefined where it is about everything. @throws MillraceError `unknown-name`, `bad-argument` */
export function scopeOf(
  { listener, cluster, backend }: DrainOrder,
  generation: Generation,
): Scope | undefined {
  if (listener !== undefined && cluster !== undefined) throw mixed('either a listener or a cluster')
  if (backend !== undefined && cluster === undefined) throw mixed('a backend is named with its cluster')
  if (listener !== undefined) return scopeOfListener(listener, generation)
  if (cluster === undefined) return undefined
  if (backend === undefined) return scopeOfCluster(cluster, generation)
  return scopeOfBackend(findBackend(generation, cluster, backend))
}

/** @throws MillraceError `unknown-name` */
export function findBackend({ destinations }: Generation, cluster: string, backend: string): Backend {
  const known = destinations.get(cluster)?.cluster
  if (known === undefined) throw unknown('cluster', cluster)
  const found = known.backend(backend)
  if (found === undefined) throw unknown(`backend of ${JSON.stringify(cluster)}`, backend)
  return found
}

function scopeOfListener(name: string, { services }: Generation): Scope {
  const found = [...services.values()].find((service) => service.name === name)
  if (found === undefined) throw unknown('listener', name)
  return {
    has: ({ service }) => service.listener === found.listener,
    close: () => found.listener.close(),
  }
}

function scopeOfCluster(name: string, { destinations }: Generation): Scope {
  const cluster = destinations.get(name)?.cluster
  if (cluster === undefined) throw unknown('cluster', name)
  return {
    has: (connection) => connection.cluster === name,
    close: () => {
      for (const backend of cluster.backends) backend.setTo = 'drain'
    },
  }
}

function scopeOfBackend(backend: Backend): Scope {
  return {
    has: (connection) => connection.backend === backend,
    close: () => {
      backend.setTo = 'drain'
    },
  }
}

const unknown = (what: string, name: string): MillraceError =>
  new MillraceError('unknown-name', `there is no ${what} named ${JSON.stringify(name)}`)

const mixed = (rule: string): MillraceError => new MillraceError('bad-argument', `a drain: ${rule}`)
