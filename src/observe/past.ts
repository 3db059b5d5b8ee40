/**
 * What a process leaves behind that is gone: its counts. Nothing it had is present any more, but where another has it,
 * which is then merged with it; and everything else of its status is the value that changes nothing there. Pure.
 */
import { mergeStatuses } from './merge.js'
import type { ClusterReport, ProxyStatus } from './status.js'

/** What a process that is gone has of the kernel's. */
const NO_GAUGES = { descriptors: 0, pipesInUse: 0, pipesIdle: 0, pinnedBytes: 0, pinnedBudgetBytes: 0 }

/** Of listeners and of clusters, however many configs there were. */
const MOST_REMEMBERED = 1000

export function pastOf(status: ProxyStatus): ProxyStatus {
  return {
    ...status,
    state: 'running',
    workers: 0,
    workersWanted: 0,
    workersSilent: 0,
    workersDiffer: [],
    notSplicing: undefined,
    listeners: [],
    clusters: [],
    pastListeners: [...status.listeners, ...status.pastListeners].map((listener) => ({
      ...listener,
      active: 0,
      isListening: false,
      isLeaving: true,
    })),
    pastClusters: [...status.clusters, ...status.pastClusters].map(pastOfCluster),
    connections: { ...status.connections, active: 0 },
    drains: [],
    kernel: status.kernel && { ...status.kernel, ...NO_GAUGES },
    processes: [],
    unavailable: [],
  }
}

/** Two pasts as one. Where they have too many names, the first go. */
export function addPasts(some: ProxyStatus, others: ProxyStatus): ProxyStatus {
  const all = mergeStatuses([some, others])
  return {
    ...all,
    pastListeners: all.pastListeners.slice(-MOST_REMEMBERED),
    pastClusters: all.pastClusters.slice(-MOST_REMEMBERED),
  }
}

function pastOfCluster(cluster: ClusterReport): ClusterReport {
  const backends = [...cluster.backends, ...cluster.pastBackends]
  return {
    ...cluster,
    active: 0,
    isLeaving: true,
    backends: [],
    pastBackends: backends.map((backend) => ({ ...backend, active: 0, isLeaving: true })),
  }
}
