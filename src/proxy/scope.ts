/**
 * What a drain is about: which connections, and how no more of them come.
 */
import type { Backend } from '../cluster/backend.js'
import { didYouMean } from '../config/suggest.js'
import type { Connection } from '../connection/connection.js'
import { MillraceError } from '../errors.js'
import type { DrainScope } from '../observe/status.js'
import type { Generation } from './generation.js'
import type { DrainOrder } from './proxy.js'

export interface Scope {
  readonly name: DrainScope
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
  return scopeOfBackend(cluster, findBackend(generation, cluster, backend))
}

/** @throws MillraceError `unknown-name` */
export function findBackend({ destinations }: Generation, cluster: string, backend: string): Backend {
  const known = destinations.get(cluster)?.cluster
  if (known === undefined) throw unknown('cluster', cluster, [...destinations.keys()])
  const found = known.backend(backend)
  const names = known.backends.map(({ name }) => name)
  if (found === undefined) throw unknown(`backend of ${JSON.stringify(cluster)}`, backend, names)
  return found
}

function scopeOfListener(name: string, { services }: Generation): Scope {
  const all = [...services.values()]
  const found = all.find((service) => service.name === name)
  if (found === undefined)
    throw unknown(
      'listener',
      name,
      all.map((service) => service.name),
    )
  return {
    name: { listener: name },
    has: ({ service }) => service.listener === found.listener,
    close: () => found.listener.drain(),
  }
}

function scopeOfCluster(name: string, { destinations }: Generation): Scope {
  const cluster = destinations.get(name)?.cluster
  if (cluster === undefined) throw unknown('cluster', name, [...destinations.keys()])
  return {
    name: { cluster: name },
    has: (connection) => connection.cluster === name,
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

const mixed = (rule: string): MillraceError => new MillraceError('bad-argument', `a drain: ${rule}`)
