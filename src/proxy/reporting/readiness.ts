/**
 * Whether a proxy takes new connections on all listeners. A load balancer in front asks this often, so the
 * answer costs next to nothing. It names no listener or cluster, because anybody may ask.
 */
import type { Readiness } from '../../control/answers.js'
import type { Listener } from '../../listener/listener.js'
import type { ProxyStatus } from '../../observe/status.js'
import type { Catalogue } from '../catalogue/catalogue.js'

/** `isDraining`: a drain that an operator ordered is running. */
export function readinessOf(
  state: ProxyStatus['state'],
  listeners: Iterable<Pick<Listener, 'isListening'>>,
  catalogue: Catalogue,
  isDraining: boolean,
): Readiness {
  if (state !== 'running') return { isReady: false, why: state }
  for (const { isListening } of listeners) {
    if (!isListening) return { isReady: false, why: 'a listener does not listen' }
  }
  if (isDraining) return { isReady: false, why: 'draining' }
  for (const { name } of catalogue.clusters.given) {
    if (isDrained(catalogue, name)) return { isReady: false, why: 'a cluster is drained' }
  }
  return { isReady: true, why: 'ready' }
}

function isDrained(catalogue: Catalogue, cluster: string): boolean {
  for (const { setTo } of catalogue.backends(cluster)!.given) if (setTo === 'up') return false
  return true
}
