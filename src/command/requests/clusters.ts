/**
 * Change a cluster: one of its backends, or the tier that serves. Pure.
 */
import type { BackendStatus } from '../../cluster/backend.js'
import type { Held, Released, ServingTier } from '../../control/answers.js'
import type { BackendChange, HoldOrder } from '../../control/orders.js'
import { counted, time } from '../../figures.js'
import type { Request } from './request.js'

export function backendRequest(cluster: string, backend: string, change: BackendChange): Request {
  return {
    method: 'PATCH',
    path: `${pathOf(cluster)}/backends/${encodeURIComponent(backend)}`,
    body: change,
    lines: (answer) => [backendLine(answer as BackendStatus)],
  }
}

export function failbackRequest(cluster: string): Request {
  return {
    method: 'POST',
    path: `${pathOf(cluster)}/failback`,
    lines: (answer) => [servingLine(answer as ServingTier)],
  }
}

export function holdRequest({ cluster, ...order }: HoldOrder): Request {
  return {
    method: 'POST',
    path: `${pathOf(cluster)}/hold`,
    body: order,
    lines: (answer) => [heldLine(answer as Held, order)],
  }
}

export function releaseRequest(cluster: string): Request {
  return {
    method: 'POST',
    path: `${pathOf(cluster)}/release`,
    lines: (answer) => [releasedLine(answer as Released)],
  }
}

const pathOf = (cluster: string): string => `/api/v1/clusters/${encodeURIComponent(cluster)}`

const backendLine = ({ address, setTo, weight, active }: BackendStatus): string =>
  `${address}: state ${setTo}, weight ${weight}, ${counted(active, 'connection')}`

const servingLine = ({ cluster, servingTier }: ServingTier): string =>
  servingTier === undefined ? `${cluster}: no backend works` : `${cluster}: tier ${servingTier} serves`

function heldLine({ cluster, connections }: Held, { maxMs, end }: Omit<HoldOrder, 'cluster'>): string {
  const does = end === true ? ['drains', 'drain'] : ['goes on', 'go on']
  const there = `${counted(connections, 'connection')} ${does[connections === 1 ? 0 : 1]}`
  return `${cluster}: new clients wait for at most ${time(maxMs)}; ${there}`
}

const releasedLine = ({ cluster, waited }: Released): string =>
  `${cluster}: released; ${counted(waited, 'client')} waited`
