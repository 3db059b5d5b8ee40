/**
 * A status as Prometheus reads it. Pure: in one table every metric has its name, its meaning and where it comes from.
 * docs/metrics.md tells the same.
 */

import type { ProxyStatus } from '../status.js'
import { BACKENDS, CLUSTERS } from './cluster-metrics.js'
import { DATA_PATH } from './data-path-metrics.js'
import { exposition } from './exposition.js'
import { LISTENERS } from './listener-metrics.js'
import type { Metric } from './metric.js'
import { PROCESS } from './process-metrics.js'

export const METRICS: readonly Metric[] = [...PROCESS, ...LISTENERS, ...CLUSTERS, ...BACKENDS, ...DATA_PATH]

export function renderMetrics(status: ProxyStatus): string {
  return exposition(
    METRICS.map(({ name, type, help, samples }) => ({ name, type, help, samples: samples(status) })),
  )
}
