/**
 * Change a cluster: one of its backends, or the tier that serves. Pure.
 */
import type { BackendStatus } from '../../cluster/backend.js'
import type { ServingTier } from '../../control/answers.js'
import type { BackendChange } from '../../control/orders.js'
import { counted } from '../../figures.js'
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

const pathOf = (cluster: string): string => `/api/v1/clusters/${encodeURIComponent(cluster)}`

const backendLine = ({ address, setTo, weight, active }: BackendStatus): string =>
  `${address}: state ${setTo}, weight ${weight}, ${counted(active, 'connection')}`

const servingLine = ({ cluster, servingTier }: ServingTier): string =>
  servingTier === undefined ? `${cluster}: no backend works` : `${cluster}: tier ${servingTier} serves`
