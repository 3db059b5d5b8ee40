/**
 * The status, and its parts.
 */
import * as z from 'zod'
import * as schemas from '../schemas.js'
import type { Operation } from './operation.js'

export const STATUS_OPERATIONS: readonly Operation[] = [
  {
    method: 'GET',
    path: '/api/v1/status',
    summary: 'Everything counted and measured, per listener, cluster and backend',
    answer: schemas.status,
    run: (_, { status }) => status(),
  },
  {
    method: 'GET',
    path: '/api/v1/history',
    summary: 'The last five minutes, in samples of the status',
    answer: schemas.history,
    run: async (_, { history }) => history(),
  },
  {
    method: 'GET',
    path: '/api/v1/listeners',
    summary: 'The listeners',
    answer: z.strictObject({ listeners: z.array(schemas.listener) }),
    run: async (_, { status }) => ({ listeners: (await status()).listeners }),
  },
  {
    method: 'GET',
    path: '/api/v1/clusters',
    summary: 'The clusters with their backends',
    answer: z.strictObject({ clusters: z.array(schemas.cluster) }),
    run: async (_, { status }) => ({ clusters: (await status()).clusters }),
  },
]
