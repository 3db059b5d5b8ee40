/** The sources that limits count. */
import * as orders from '../../../control/order-schemas.js'
import type { SourceQuery } from '../../../control/orders.js'
import * as schemas from '../schemas.js'
import type { Operation } from './operation.js'

export const SOURCE_OPERATIONS: readonly Operation[] = [
  {
    method: 'GET',
    path: '/api/v1/sources',
    summary: 'Sources that limits count: connections, new ones per second, bytes of today',
    query: orders.sourceQuery,
    answer: schemas.sourceList,
    refusals: [404],
    run: (control, { query }) => control.sources(query as SourceQuery),
  },
]
