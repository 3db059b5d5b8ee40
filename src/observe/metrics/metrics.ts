/**
 * A status in the text format of Prometheus. Pure. Most metrics follow from the description of the status,
 * the others have tables of their own. docs/metrics.md lists them.
 */
import { STATUS } from '../../status/status.js'
import type { ProxyStatus } from '../status.js'
import { CLUSTERS } from './cluster-metrics.js'
import { describedMetrics } from './described.js'
import { exposition } from './exposition.js'
import { LISTENERS } from './listener-metrics.js'
import type { Metric } from './metric.js'
import { PROCESS } from './process-metrics.js'

const DESCRIBED = describedMetrics(STATUS)

/** The metrics whose first label is this. */
const about = (label: string | undefined): readonly Metric[] =>
  DESCRIBED.filter(({ labels }) => labels[0] === label)

export const METRICS: readonly Metric[] = [
  ...PROCESS,
  ...about(undefined),
  ...about('listener'),
  ...LISTENERS,
  ...about('cluster'),
  ...CLUSTERS,
  ...about('scope'),
  ...about('kind'),
]

export function renderMetrics(status: ProxyStatus): string {
  return exposition(
    METRICS.map(({ name, type, help, samples }) => ({ name, type, help, samples: samples(status) })),
  )
}
