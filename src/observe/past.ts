/**
 * What a process leaves behind that is gone: its counts. Everything else of its status says nothing any more, which here
 * is the value that changes nothing when statuses are merged. Pure.
 */
import type { BackendReport, ClusterReport, ProxyStatus } from './status.js'

export function pastOf(status: ProxyStatus): ProxyStatus {
  return {
    ...status,
    state: 'running',
    workers: 0,
    workersWanted: 0,
    workersSilent: 0,
    workersDiffer: [],
    notSplicing: undefined,
    listeners: status.listeners.map((listener) => ({ ...listener, active: 0, isListening: false })),
    clusters: status.clusters.map(pastOfCluster),
    connections: { ...status.connections, active: 0 },
    kernel: status.kernel && { ...status.kernel, descriptors: 0, pipesInUse: 0, pipesIdle: 0 },
    processes: [],
    unavailable: [],
  }
}

function pastOfCluster(cluster: ClusterReport): ClusterReport {
  return { ...cluster, active: 0, backends: cluster.backends.map(pastOfBackend) }
}

function pastOfBackend(backend: BackendReport): BackendReport {
  return {
    ...backend,
    weight: 0,
    setTo: 'down',
    state: 'unresolved',
    restingMs: Number.POSITIVE_INFINITY,
    resolved: [],
    active: 0,
    lastError: undefined,
  }
}

/** Without what `present` knows nothing of: what a reload has taken out of the config. */
export function limitedTo(present: ProxyStatus, past: ProxyStatus): ProxyStatus {
  const listeners = new Set(present.listeners.map(({ name }) => name))
  const clusters = new Map(present.clusters.map((cluster) => [cluster.name, cluster]))
  return {
    ...past,
    listeners: past.listeners.filter(({ name }) => listeners.has(name)),
    endings: past.endings.filter(({ listener }) => listeners.has(listener)),
    clusters: past.clusters
      .filter(({ name }) => clusters.has(name))
      .map((cluster) => limitedToBackends(clusters.get(cluster.name)!, cluster)),
  }
}

function limitedToBackends(present: ClusterReport, past: ClusterReport): ClusterReport {
  const names = new Set(present.backends.map(({ address }) => address))
  return { ...past, backends: past.backends.filter(({ address }) => names.has(address)) }
}
