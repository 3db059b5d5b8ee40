/**
 * How a metric is described: its name, its meaning, and how its samples are found in a status. What is past has no
 * gauge any more, but its counters stay: a sum over them never falls. Pure.
 */
import type {
  BackendReport,
  ClusterReport,
  HistogramStatus,
  ListenerReport,
  ProxyStatus,
  Traffic,
} from '../status.js'
import type { Family, Sample } from './exposition.js'

/** A family and how its samples are found in a status. */
export interface Metric extends Omit<Family, 'samples'> {
  readonly labels: readonly string[]
  samples(status: ProxyStatus): readonly Sample[]
}

type Value = number | undefined
type Source<Thing> = (thing: Thing) => Value

/** Of the whole process. */
export function one(
  type: 'counter' | 'gauge',
  name: string,
  help: string,
  value: Source<ProxyStatus>,
): Metric {
  return { name, type, help, labels: [], samples: (status) => known(value(status)) }
}

export function perListener(
  type: 'counter' | 'gauge',
  name: string,
  help: string,
  value: Source<ListenerReport>,
): Metric {
  return {
    name,
    type,
    help,
    labels: ['listener'],
    samples: (status) =>
      (type === 'gauge' ? status.listeners : everyListener(status)).flatMap((listener) =>
        known(value(listener), { listener: listener.name }),
      ),
  }
}

export function perCluster(
  type: 'counter' | 'gauge',
  name: string,
  help: string,
  value: Source<ClusterReport>,
): Metric {
  return {
    name,
    type,
    help,
    labels: ['cluster'],
    samples: (status) =>
      (type === 'gauge' ? status.clusters : everyCluster(status)).flatMap((cluster) =>
        known(value(cluster), { cluster: cluster.name }),
      ),
  }
}

export function perBackend(
  type: 'counter' | 'gauge',
  name: string,
  help: string,
  value: Source<BackendReport>,
): Metric {
  return {
    name,
    type,
    help,
    labels: ['cluster', 'backend'],
    samples: (status) =>
      (type === 'gauge' ? presentBackends(status) : everyBackend(status)).flatMap(({ labels, backend }) =>
        known(value(backend), labels),
      ),
  }
}

export function histogramPerBackend(
  name: string,
  help: string,
  value: (backend: BackendReport) => HistogramStatus,
): Metric {
  return {
    name,
    type: 'histogram',
    help,
    labels: ['cluster', 'backend'],
    samples: (status) =>
      everyBackend(status).map(({ labels, backend }) => ({ labels, value: value(backend) })),
  }
}

const known = (value: Value, labels?: Sample['labels']): Sample[] =>
  value === undefined ? [] : [labels === undefined ? { value } : { labels, value }]

export const everyListener = ({ listeners, pastListeners }: ProxyStatus): readonly ListenerReport[] => [
  ...listeners,
  ...pastListeners,
]

export const everyCluster = ({ clusters, pastClusters }: ProxyStatus): readonly ClusterReport[] => [
  ...clusters,
  ...pastClusters,
]

const presentBackends = ({ clusters }: ProxyStatus): LabelledBackend[] =>
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

/** Up is client to backend; how: whether the bytes ever entered this process. */
export function bytesOf(traffic: Traffic, labels: Sample['labels']): Sample[] {
  const { bytesUp, bytesDown, splicedUp, splicedDown } = traffic
  return [
    { labels: { ...labels, direction: 'up', how: 'spliced' }, value: splicedUp },
    { labels: { ...labels, direction: 'up', how: 'copied' }, value: bytesUp - splicedUp },
    { labels: { ...labels, direction: 'down', how: 'spliced' }, value: splicedDown },
    { labels: { ...labels, direction: 'down', how: 'copied' }, value: bytesDown - splicedDown },
  ]
}

export const sumOf = (status: ProxyStatus, value: Source<ProxyStatus['processes'][number]>): Value => {
  const values = status.processes.map(value).filter((each) => each !== undefined)
  return values.length === 0 ? undefined : values.reduce((sum, each) => sum + each, 0)
}

export const worstOf = (status: ProxyStatus, value: Source<ProxyStatus['processes'][number]>): Value => {
  const values = status.processes.map(value).filter((each) => each !== undefined)
  return values.length === 0 ? undefined : Math.max(...values)
}
