/** The drain of a whole proxy. Nobody new may come. */
import type { Connection } from '../../connection/connection.js'
import type { DrainResult } from '../../control/answers.js'
import { type DrainTimes, timesLeft } from '../../control/drain-order.js'
import type { Acceptor } from '../acceptor.js'
import type { Drains } from './drains.js'

export interface DrainedProxy {
  readonly acceptor: Pick<Acceptor, 'hasLeft' | 'emptied' | 'closeAll'>
  readonly drains: Pick<Drains, 'run'>
  connections(): readonly Connection[]
}

/**
 * If another process accepts on the sockets of this one, clients that still wait at its listeners become connections first: nobody
 * else would serve them.
 */
export async function drainAll(proxy: DrainedProxy, times: DrainTimes): Promise<DrainResult> {
  const { acceptor, drains } = proxy
  const beganAt = performance.now()
  if (acceptor.hasLeft) await acceptor.emptied(times.deadlineMs)
  acceptor.closeAll()
  const rest = acceptor.hasLeft ? timesLeft(times, performance.now() - beganAt) : times
  return drains.run({}, proxy.connections(), rest)
}
