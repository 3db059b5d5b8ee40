/** Changes to the running config, and how it differs from its file. */
import * as orders from '../../../control/order-schemas.js'
import type { ChangeOrder } from '../../../control/orders.js'
import * as schemas from '../schemas.js'
import type { Operation } from './operation.js'

/** As much as a config file can have. */
const MOST_BYTES = 1024 ** 2

export const CHANGE_OPERATIONS: readonly Operation[] = [
  {
    method: 'POST',
    path: '/api/v1/changes',
    summary:
      'Add or remove backends, clusters, routes and listeners: all changes or none. A reload keeps what its file does not have',
    body: orders.changeOrder,
    mostBytes: MOST_BYTES,
    answer: schemas.changed,
    isSlow: true,
    refusals: [404, 409],
    run: (control, { body }) => control.change(body as ChangeOrder),
  },
  {
    method: 'GET',
    path: '/api/v1/diff',
    summary: 'How the running config differs from the config file as it is now',
    answer: schemas.difference,
    refusals: [409],
    run: (control) => control.difference(),
  },
]
