/**
 * One cluster: its backends, and what an operator can change.
 */
import * as z from 'zod'
import { checkNames, namesIn } from '../../../control/names.js'
import * as orders from '../../../control/order-schemas.js'
import type { BackendChange, HoldOrder } from '../../../control/orders.js'
import * as schemas from '../schemas.js'
import type { Operation } from './operation.js'

export const CLUSTER_OPERATIONS: readonly Operation[] = [
  {
    method: 'GET',
    path: '/api/v1/clusters/{cluster}/backends',
    summary: 'The backends of a cluster',
    answer: z.strictObject({ backends: z.array(schemas.backend) }),
    refusals: [404],
    run: async (_, { parts, status }) => {
      const { cluster = '' } = parts
      const told = await status()
      checkNames({ cluster }, namesIn(told))
      return { backends: told.clusters.find(({ name }) => name === cluster)!.backends }
    },
  },
  {
    method: 'PATCH',
    path: '/api/v1/clusters/{cluster}/backends/{backend}',
    summary: 'Take a backend out of service, put it back, or change its weight',
    body: orders.backendChange,
    answer: schemas.backendStatus,
    refusals: [404],
    trail: 'a backend was changed',
    run: (control, { parts, body }) =>
      control.changeBackend(parts.cluster ?? '', parts.backend ?? '', body as BackendChange),
  },
  {
    method: 'POST',
    path: '/api/v1/clusters/{cluster}/failback',
    summary: 'Let a cluster with `failback: manual` go back to the first tier that works',
    answer: schemas.servingTier,
    refusals: [404, 409],
    trail: 'a cluster was told to go back',
    run: (control, { parts }) => control.failback(parts.cluster ?? ''),
  },
  {
    method: 'POST',
    path: '/api/v1/clusters/{cluster}/hold',
    summary: 'Let new clients of a cluster wait, until they are released or the time is over',
    body: orders.holdOrder,
    answer: schemas.held,
    refusals: [404],
    run: (control, { parts, body }) =>
      control.hold({ ...(body as Omit<HoldOrder, 'cluster'>), cluster: parts.cluster ?? '' }),
  },
  {
    method: 'POST',
    path: '/api/v1/clusters/{cluster}/release',
    summary: 'End the hold of a cluster: clients that wait go on in order',
    answer: schemas.released,
    refusals: [404, 409],
    run: (control, { parts }) => control.release(parts.cluster ?? ''),
  },
]
