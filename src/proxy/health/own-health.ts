/** The checks of a proxy that has no supervisor: it checks its own backends, at the addresses that its connections use. */
import type { Log } from '../../observe/log/log.js'
import type { Clusters } from '../clusters.js'
import { ActiveHealth } from './active-health.js'
import type { Probes } from './probes.js'

/** `clusters` is called only later. */
export function createOwnHealth(
  log: Log,
  probes: Probes | undefined,
  clusters: () => Clusters,
): ActiveHealth {
  return new ActiveHealth({
    log,
    probes,
    endpoints: (cluster, backend) => clusters().get(cluster)?.backend(backend)?.endpoints,
    tell: (verdict) => clusters().heard(verdict, true),
  })
}
