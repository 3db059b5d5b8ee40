/**
 * The names that an order or a question can be about, and the one sentence for a name that there is not: the library, the
 * API of one process and that of several all ask here. Pure.
 */
import { didYouMean } from '../config/suggest.js'
import { MillraceError } from '../errors.js'
import type { ProxyStatus } from '../observe/status.js'

/** Listeners and clusters that exist, those that are leaving included. */
export interface Names {
  readonly listeners: readonly string[]
  readonly clusters: readonly ClusterNames[]
}

export interface ClusterNames {
  readonly name: string
  /** Their addresses as configured. */
  readonly backends: readonly string[]
}

/** What is named of them. A backend without a cluster may be of any. */
export interface Named {
  readonly listener?: string | undefined
  readonly cluster?: string | undefined
  readonly backend?: string | undefined
}

export function namesIn({ listeners, clusters }: Pick<ProxyStatus, 'listeners' | 'clusters'>): Names {
  return {
    listeners: listeners.map(({ name }) => name),
    clusters: clusters.map(({ name, backends }) => ({
      name,
      backends: backends.map(({ address }) => address),
    })),
  }
}

export function hasNames(named: Named, names: Names): boolean {
  return findUnknown(named, names) === undefined
}

/** @throws MillraceError `unknown-name`, of the first that there is not. */
export function checkNames(named: Named, names: Names): void {
  const unknown = findUnknown(named, names)
  if (unknown !== undefined) throw unknown
}

/** `known`: those that could have been meant. */
export function unknownName(
  what: 'listener' | 'cluster' | 'backend' | 'connection',
  name: string,
  known: readonly string[] = [],
  where = '',
): MillraceError {
  const message = `there is no ${what} ${JSON.stringify(name)}${where}${didYouMean(name, known)}`
  return new MillraceError('unknown-name', message)
}

function findUnknown(
  { listener, cluster, backend }: Named,
  { listeners, clusters }: Names,
): MillraceError | undefined {
  const clusterNames = clusters.map(({ name }) => name)
  if (listener !== undefined && !listeners.includes(listener))
    return unknownName('listener', listener, listeners)
  if (cluster !== undefined && !clusterNames.includes(cluster))
    return unknownName('cluster', cluster, clusterNames)
  if (backend === undefined) return undefined
  const backends = clusters
    .filter(({ name }) => cluster === undefined || name === cluster)
    .flatMap((each) => each.backends)
  const where = cluster === undefined ? '' : ` in cluster ${JSON.stringify(cluster)}`
  return backends.includes(backend) ? undefined : unknownName('backend', backend, backends, where)
}
