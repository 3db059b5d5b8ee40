/**
 * The errors with which connections of a listener can end, each with the cluster that counts it. Pure.
 */

import type { ClusterConfig, Config } from '../../config/schema.js'
import type { ListenerConfig } from '../../config/schemas/listener-schema.js'
import { joinsUnseen, needsOf } from '../../connection/listener-policy.js'
import type { Limits } from '../../limits/policy.js'
import { type CountedEnding, ERRORS, type Phase } from '../../observe/endings.js'

type Clusters = Config['clusters']
/** What can refuse clients, besides the listener. */
type Around = Pick<Config, 'clusters' | 'limits'>
type Known = Pick<Config, 'clusters' | 'listeners'>

/** `isAsked`: leaves out the errors of other clusters. */
export function* expectedErrors(
  listener: ListenerConfig,
  { clusters, limits }: Around,
  isAsked: (cluster: string) => boolean = () => true,
): Iterable<readonly [cluster: string, CountedEnding]> {
  for (const ending of errorsBefore(listener, clusters)) yield ['', ending]
  if (refuses(limits) || refuses(listener.limits))
    for (const ending of inPhase(ERRORS.limits, 'opening')) yield ['', ending]
  for (const cluster of clustersBehind(listener, clusters)) {
    if (!isAsked(cluster)) continue
    for (const ending of errorsAt(listener, clusters, cluster)) yield [cluster, ending]
  }
}

/**
 * The clusters whose errors are not expected yet. What a listener can do with its clients also decides, so all are if a listener
 * differs.
 */
export function newClusters(before: Known | undefined, after: Known): (cluster: string) => boolean {
  if (before === undefined || before.listeners !== after.listeners) return () => true
  return (cluster) => before.clusters[cluster] !== after.clusters[cluster]
}

/** Errors of connections that have no cluster yet. */
function errorsBefore(listener: ListenerConfig, clusters: Clusters): readonly CountedEnding[] {
  if (listener.protocol === 'http') return [...ERRORS['first-bytes'], ...ERRORS.request]
  const isUnseen = joinsUnseen(listener, (cluster) => needsOf(clusters[cluster]!))
  return isUnseen ? [] : ERRORS['first-bytes']
}

function errorsAt(
  { protocol, startTls }: ListenerConfig,
  clusters: Clusters,
  cluster: string,
): readonly CountedEnding[] {
  const { dial, via, limits } = clusters[cluster]!
  const canWait = hasQueue(clusters[cluster]!)
  const own = [
    ...ERRORS.cluster.filter(({ phase }) => phase !== 'queue' || canWait),
    ...(canWait ? ERRORS.queue : []),
    ...(refuses(limits) ? inPhase(ERRORS.limits, 'connect') : []),
    ...(dial === undefined ? [] : ERRORS.dial),
    ...(via === undefined ? [] : ERRORS.via),
  ]
  if (protocol === 'http') return [...own, ...ERRORS.preamble, ...ERRORS.http, ...ERRORS.request]
  // If clients are asked for TLS first, so are backends.
  const isTold = needsOf(clusters[cluster]!).isTold || startTls !== undefined
  return isTold ? [...own, ...ERRORS.preamble] : own
}

/** Whether clients are refused because the proxy, a listener or a cluster is full. */
const refuses = (limits: Limits | undefined): boolean => limits?.whenFull === 'refuse'

/** An agent can say how many connections its backend may have. */
function hasQueue({ limits, backends, expansions, health }: ClusterConfig): boolean {
  if (health.agent !== undefined) return true
  const isLimited = [...backends, ...expansions].some(({ maxConnections = 0 }) => maxConnections > 0)
  const canBeFull = limits !== undefined && (limits.maxConnections > 0 || limits.newPerSecond !== undefined)
  return isLimited || (canBeFull && limits.whenFull === 'wait')
}

const inPhase = (endings: readonly CountedEnding[], phase: Phase): readonly CountedEnding[] =>
  endings.filter((ending) => ending.phase === phase)

/**
 * The clusters that clients of this listener can reach, in the order of the config. A route function can name
 * any.
 */
function clustersBehind(
  { route, routes, cluster, onNoSni, onBadHello, onSilent }: ListenerConfig,
  clusters: Clusters,
): string[] {
  const names = Object.keys(clusters)
  if (route !== undefined || routes.some(({ map }) => map !== undefined)) return names
  const named = new Set([
    cluster,
    onNoSni,
    onBadHello,
    onSilent?.cluster,
    ...routes.map((each) => each.cluster),
  ])
  return names.filter((name) => named.has(name))
}
