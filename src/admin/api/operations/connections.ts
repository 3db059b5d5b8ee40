/**
 * Open connections: list them, limit one, and reset some.
 */
import { checkNames, namesIn, unknownName } from '../../../control/names.js'
import * as orders from '../../../control/order-schemas.js'
import type { ConnectionFilter, ConnectionQuery, RateOrder } from '../../../control/orders.js'
import type { ProxyStatus } from '../../../observe/status.js'
import * as schemas from '../schemas.js'
import type { Operation } from './operation.js'
import { withoutAll } from './without-all.js'

interface Listed {
  readonly id?: string | readonly string[]
}

export const CONNECTION_OPERATIONS: readonly Operation[] = [
  {
    method: 'GET',
    path: '/api/v1/connections',
    summary: 'Open connections',
    query: orders.connectionQuery,
    answer: schemas.connectionList,
    refusals: [404],
    run: async (_, { query, connections, status }) => {
      const { id, ...rest } = query as ConnectionQuery & Listed
      const asked = { ...rest, ids: typeof id === 'string' ? [id] : id }
      const list = await connections(asked)
      if (list.matched === 0) checkFilter(asked, await status())
      return list
    },
  },
  {
    method: 'DELETE',
    path: '/api/v1/connections/{id}',
    summary: 'Reset one connection',
    answer: schemas.killed,
    refusals: [404],
    trail: 'connections were killed',
    run: async (control, { parts }) => {
      const { id = '' } = parts
      const result = await control.kill({ ids: [id] })
      if (result.killed === 0) throw unknownName('connection', id)
      return result
    },
  },
  {
    method: 'PUT',
    path: '/api/v1/connections/{id}/limit',
    summary: 'Change how fast one connection may be. Limits that it shares with others hold as before',
    body: orders.rateOrder,
    answer: schemas.limited,
    refusals: [404],
    trail: 'the rate of a connection is changed',
    run: (control, { parts, body }) => control.limit(parts.id ?? '', body as RateOrder),
  },
  {
    method: 'POST',
    path: '/api/v1/connections/kill',
    summary: 'Reset all connections that match every field',
    body: orders.killOrder,
    answer: schemas.killed,
    refusals: [404],
    trail: 'connections were killed',
    run: async (control, { body, status }) => {
      const filter = withoutAll<ConnectionFilter>(body)
      const result = await control.kill(filter)
      if (result.killed === 0) checkFilter(filter, await status())
      return result
    },
  },
]

/**
 * Nothing matched. Throws if nothing has that name either. What has left the config keeps its name while it
 * has connections.
 *
 * @throws MillraceError `unknown-name`
 */
function checkFilter(filter: ConnectionFilter, status: ProxyStatus): void {
  checkNames(filter, namesIn(status))
  if (filter.ids !== undefined) throw unknownName('connection', filter.ids[0] ?? '')
}
