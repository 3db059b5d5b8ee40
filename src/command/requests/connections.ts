/**
 * Open connections: list them, and reset some. Pure.
 */
import type { ConnectionList, Killed } from '../../control/answers.js'
import type { ConnectionFilter, ConnectionQuery, FromOutside } from '../../control/orders.js'
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

/** Some of the connections that `ids` names may have ended already. */
const killedLine = ({ killed }: Killed, ids: readonly string[] | undefined): string =>
  ids !== undefined && killed < ids.length ? `killed ${killed} of ${ids.length}` : `killed ${killed}`
