/**
 * How a metric is described: its name, its meaning, and how its samples are found in a status. Pure.
 */

import type { BackendReport, ClusterReport, ProxyStatus, Traffic } from '../status.js'
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
  value: Source<ProxyStatus['listeners'][number]>,
): Metric {
  return {
    name,
    type,
    help,
    labels: ['listener'],
    samples: ({ listeners }) =>
      listeners.flatMap((listener) => known(value(listener), { listener: listener.name })),
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
    samples: ({ clusters }) =>
      clusters.flatMap((cluster) => known(value(cluster), { cluster: cluster.name })),
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
      backendsOf(status).flatMap(({ cluster, backend }) =>
        known(value(backend), { cluster, backend: backend.address }),
      ),
  }
}

const known = (value: Value, labels?: Sample['labels']): Sample[] =>
  value === undefined ? [] : [labels === undefined ? { value } : { labels, value }]

export const backendsOf = ({ clusters }: ProxyStatus) =>
  clusters.flatMap(({ name, backends }) => backends.map((backend) => ({ cluster: name, backend })))

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

export const seconds = (ms: Value): Value => (ms === undefined ? undefined : ms / 1000)

export const sumOf = (status: ProxyStatus, value: Source<ProxyStatus['processes'][number]>): Value => {
  const values = status.processes.map(value).filter((each) => each !== undefined)
  return values.length === 0 ? undefined : values.reduce((sum, each) => sum + each, 0)
}

export const worstOf = (status: ProxyStatus, value: Source<ProxyStatus['processes'][number]>): Value => {
  const values = status.processes.map(value).filter((each) => each !== undefined)
  return values.length === 0 ? undefined : Math.max(...values)
}
