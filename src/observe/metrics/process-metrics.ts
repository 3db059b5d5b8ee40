/**
 * Metrics of the process whose facts are labels. Pure.
 */
import { STATUS } from '../../status/status.js'
import type { Metric } from './metric.js'

export const PROCESS: readonly Metric[] = [
  {
    name: 'millrace_info',
    type: 'gauge',
    help: 'Always 1. The labels name the version and the engine.',
    labels: ['version', 'engine'],
    samples: ({ version, engine }) => [{ labels: { version, engine }, value: 1 }],
  },
  {
    name: 'millrace_state',
    type: 'gauge',
    help: '1 for the present state, 0 for all others.',
    labels: ['state'],
    samples: (status) =>
      STATUS.state.order.map((state) => ({ labels: { state }, value: Number(state === status.state) })),
  },
  {
    name: 'millrace_not_splicing',
    type: 'gauge',
    help: '1 while the process does not splice, with the reason. Absent while it splices.',
    labels: ['reason'],
    samples: ({ notSplicing }) =>
      notSplicing === undefined ? [] : [{ labels: { reason: notSplicing.split(':')[0]! }, value: 1 }],
  },
]
