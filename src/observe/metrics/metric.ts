/**
 * How a metric is described: its name, its meaning, and how to find its samples in a status. Pure.
 */
import type { BackendReport, ClusterReport, ListenerReport, ProxyStatus, Traffic } from '../status.js'
import type { Family, Sample } from './exposition.js'

/** A family, and how to find its samples in a status. */
export interface Metric extends Omit<Family, 'samples'> {
  readonly labels: readonly string[]
  samples(status: ProxyStatus): readonly Sample[]
}

export const everyListener = ({ listeners, pastListeners }: ProxyStatus): readonly ListenerReport[] => [
  ...listeners,
  ...pastListeners,
]

export const everyCluster = ({ clusters, pastClusters }: ProxyStatus): readonly ClusterReport[] => [
  ...clusters,
  ...pastClusters,
]

export const presentBackends = ({ clusters }: ProxyStatus): LabelledBackend[] =>
  clusters.flatMap(({ name, backends }) => backends.map((backend) => labelled(name, backend)))

export const everyBackend = (status: ProxyStatus): LabelledBackend[] =>
  everyCluster(status).flatMap(({ name, backends, pastBackends }) =>
    [...backends, ...pastBackends].map((backend) => labelled(name, backend)),
  )

interface LabelledBackend {
  readonly labels: { readonly cluster: string; readonly backend: string }
  readonly backend: BackendReport
}

const labelled = (cluster: string, backend: BackendReport): LabelledBackend => ({
  labels: { cluster, backend: backend.address },
  backend,
})

/** Up is client to backend. `how`: spliced bytes never entered this process. */
export function bytesOf(traffic: Traffic, labels: Sample['labels']): Sample[] {
  const { bytesUp, bytesDown, splicedUp, splicedDown } = traffic
  return [
    { labels: { ...labels, direction: 'up', how: 'spliced' }, value: splicedUp },
    { labels: { ...labels, direction: 'up', how: 'copied' }, value: bytesUp - splicedUp },
    { labels: { ...labels, direction: 'down', how: 'spliced' }, value: splicedDown },
    { labels: { ...labels, direction: 'down', how: 'copied' }, value: bytesDown - splicedDown },
  ]
}
