/**
 * Stop new connections of a part or of everything. Pure.
 */
import type { DrainResult } from '../../control/answers.js'
import type { DrainOrder, FromOutside } from '../../control/orders.js'
import { counted } from '../../figures.js'
import type { Request } from './request.js'

export function drainRequest(order: FromOutside<DrainOrder>): Request {
  return {
    method: 'POST',
    path: '/api/v1/drain',
    body: order,
    isSlow: true,
    lines: (answer) => [drainLine(answer as DrainResult)],
  }
}

const drainLine = ({ finished, closed, cut, left, cancelled }: DrainResult): string =>
  left !== undefined
    ? `no new connections; ${counted(left, 'connection')} left`
    : `${cancelled ? 'cancelled' : 'drained'}: ${finished} finished by themselves, ${closed} closed, ${cut} cut`
