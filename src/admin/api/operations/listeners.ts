/** Open a listener again, or drain it. */
import * as orders from '../../../control/order-schemas.js'
import type { ListenerChange } from '../../../control/orders.js'
import * as schemas from '../schemas.js'
import type { Operation } from './operation.js'

export const LISTENER_OPERATIONS: readonly Operation[] = [
  {
    method: 'PATCH',
    path: '/api/v1/listeners/{listener}',
    summary: 'Drain a listener, or let it accept clients again. A reload does not open it',
    body: orders.listenerChange,
    answer: schemas.changedListener,
    refusals: [404, 409],
    trail: 'a listener was changed',
    run: (control, { parts, body }) => control.changeListener(parts.listener ?? '', body as ListenerChange),
  },
]
