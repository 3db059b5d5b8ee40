/**
 * Whether a proxy takes new connections, all of them: what a load balancer in front of it asks, often, so it costs
 * next to nothing. The answer names nobody, because whoever comes may ask.
 */
import type { Readiness } from '../control/answers.js'
import type { ProxyStatus } from '../observe/status.js'
import type { Generation } from './generation.js'

/** `isDraining`: an operator empties a part of it at this moment. */
export function readinessOf(
  state: ProxyStatus['state'],
  { services, destinations }: Generation,
  isDraining: boolean,
): Readiness {
  if (state !== 'running') return { isReady: false, why: state }
  for (const { isListening } of services.keys()) {
    if (!isListening) return { isReady: false, why: 'a listener does not listen' }
  }
  if (isDraining) return { isReady: false, why: 'draining' }
  for (const { cluster } of destinations.values()) {
    if (cluster.backends.every(({ setTo }) => setTo === 'drain')) {
      return { isReady: false, why: 'a cluster is drained' }
    }
  }
  return { isReady: true, why: 'ready' }
}
