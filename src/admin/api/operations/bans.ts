/**
 * Clients that are turned away for a while.
 */
import * as orders from '../../../control/order-schemas.js'
import type { BanOrder, BanQuery, UnbanOrder } from '../../../control/orders.js'
import * as schemas from '../schemas.js'
import type { Operation } from './operation.js'
import { withoutAll } from './without-all.js'

export const BAN_OPERATIONS: readonly Operation[] = [
  {
    method: 'GET',
    path: '/api/v1/bans',
    summary: 'Bans that hold. The one that has turned away the most clients comes first',
    query: orders.banQuery,
    answer: schemas.banList,
    run: (control, { query }) => control.bans(query as BanQuery),
  },
  {
    method: 'POST',
    path: '/api/v1/bans',
    summary: 'Turn away clients of an address or a network for a while',
    body: orders.banOrder,
    answer: schemas.banned,
    refusals: [409],
    run: (control, { body }) => control.ban(body as BanOrder),
  },
  {
    method: 'POST',
    path: '/api/v1/bans/lift',
    summary: 'End the ban of an address or a network, or all bans',
    body: orders.unbanOrder,
    answer: schemas.unbanned,
    refusals: [404],
    run: (control, { body }) => control.unban(withoutAll<UnbanOrder>(body)),
  },
]
