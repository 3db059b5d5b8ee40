/**
 * The names in an order or a question, and the one sentence for a name that does not exist. The library, the
 * API of one process and the API of several all use it. Pure.
 */
import { didYouMean } from '../config/suggest.js'
import { MillraceError } from '../errors.js'
import type { ProxyStatus } from '../observe/status.js'

/** A range can have a thousand. */
const MOST_NAMED = 8

/** Listeners and clusters that exist, those that are leaving included. */
export interface Names {
  readonly listeners: readonly string[]
  readonly clusters: readonly ClusterNames[]
}

export interface ClusterNames {
  readonly name: string
  /** The addresses of its backends, as in the config. */
  readonly backends: readonly string[]
}

/** The names in an order. A backend without a cluster may belong to any cluster. */
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

/** @throws MillraceError `unknown-name`, for the first name that does not exist. */
export function checkNames(named: Named, names: Names): void {
  const unknown = findUnknown(named, names)
  if (unknown !== undefined) throw unknown
}

/** `known`: the names to suggest from. */
export function unknownName(
  what: 'listener' | 'cluster' | 'backend' | 'connection' | 'scope',
  name: string,
  known: readonly string[] = [],
  where = '',
): MillraceError {
  const message =
    (what === 'listener' ? explainAddresses(name, known) : undefined) ??
    `there is no ${what} ${JSON.stringify(name)}${where}${didYouMean(name, known)}`
  return new MillraceError('unknown-name', message)
}

/** A listener with several addresses is a listener for each of them. Undefined: `name` is none. */
function explainAddresses(name: string, known: readonly string[]): string | undefined {
  const each = known.filter((one) => one.startsWith(`${name}@`))
  if (each.length === 0) return undefined
  const some = each.slice(0, MOST_NAMED).join(', ') + (each.length > MOST_NAMED ? ', …' : '')
  return `${JSON.stringify(name)} has ${each.length} addresses: name one of ${some}`
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
