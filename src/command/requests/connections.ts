/**
 * Open connections: list them, limit one, and reset some. Pure.
 */
import type { ConnectionList, Killed } from '../../control/answers.js'
import type { ConnectionFilter, ConnectionQuery, FromOutside, RateOrder } from '../../control/orders.js'
import { rate } from '../../figures.js'
import { connectionLines } from '../views.js'
import type { Request } from './request.js'

export function connectionsRequest(asked: ConnectionQuery): Request {
  const query = new URLSearchParams()
  for (const [key, value] of Object.entries(asked)) query.append(key, String(value))
  return {
    method: 'GET',
    path: `/api/v1/connections?${query}`,
    lines: (answer) => connectionLines(answer as ConnectionList),
  }
}

export function killRequest(filter: FromOutside<ConnectionFilter>): Request {
  return {
    method: 'POST',
    path: '/api/v1/connections/kill',
    body: filter,
    lines: (answer) => [killedLine(answer as Killed, filter.ids)],
  }
}

export function limitRequest(id: string, order: RateOrder): Request {
  return {
    method: 'PUT',
    path: `/api/v1/connections/${encodeURIComponent(id)}/limit`,
    body: order,
    lines: () => [limitLine(id, order)],
  }
}

function limitLine(id: string, { up, down }: RateOrder): string {
  const told = Object.entries({ up, down }).flatMap(([way, bytesPerSecond]) =>
    bytesPerSecond === undefined ? [] : `${way} ${bytesPerSecond === 0 ? 'no limit' : rate(bytesPerSecond)}`,
  )
  return `${id}: ${told.join(', ')}`
}

/** Some of the connections that `ids` names may have ended already. */
const killedLine = ({ killed }: Killed, ids: readonly string[] | undefined): string =>
  ids !== undefined && killed < ids.length ? `killed ${killed} of ${ids.length}` : `killed ${killed}`
