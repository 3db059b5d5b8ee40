/**
 * Whether a load balancer in front should send clients to this proxy. That is a question about the proxy itself: a
 * drained backend or listener takes only a part out of service, and must not take the rest with it. A load balancer
 * asks this often, so the answer costs next to nothing. It names nothing, because anybody may ask.
 */
import type { Readiness } from '../../control/answers.js'
import type { Listener } from '../../listener/listener.js'
import type { ProxyStatus } from '../../observe/status.js'

export function readinessOf(
  state: ProxyStatus['state'],
  listeners: Iterable<Pick<Listener, 'isListening' | 'shortage'>>,
): Readiness {
  if (state !== 'running') return { isReady: false, why: state }
  const open = Array.from(listeners).filter(({ isListening }) => isListening)
  if (open.length === 0) return { isReady: false, why: 'no listener listens' }
  const short = open.find(({ shortage }) => shortage !== undefined)
  if (short === undefined) return { isReady: true, why: 'ready' }
  return { isReady: false, why: `accepting pauses: ${short.shortage}`, isShort: true }
}
