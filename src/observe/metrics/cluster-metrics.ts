/**
 * Metrics of clusters and backends that no single field of a status gives: bytes, and whether a backend may
 * be chosen. Pure.
 */
import { bytesOf, everyBackend, everyCluster, type Metric, presentBackends } from './metric.js'

export const CLUSTERS: readonly Metric[] = [
  {
    name: 'millrace_cluster_bytes_total',
    type: 'counter',
    help: 'Bytes forwarded. Up is client to backend.',
    labels: ['cluster', 'direction', 'how'],
    samples: (status) =>
      everyCluster(status).flatMap(({ name, traffic }) => bytesOf(traffic, { cluster: name })),
  },
  {
    name: 'millrace_backend_in_use',
    type: 'gauge',
    help: '1 while it may get new connections, 0 after an operator took it out.',
    labels: ['cluster', 'backend'],
    samples: (status) =>
      presentBackends(status)
        .filter(({ backend }) => !backend.isLeaving)
        .map(({ labels, backend: { setTo, weight } }) => ({
          labels,
          value: Number(setTo === 'up' && weight > 0),
        })),
  },
  {
    name: 'millrace_backend_bytes_total',
    type: 'counter',
    help: 'Bytes forwarded. Up is client to backend.',
    labels: ['cluster', 'backend', 'direction', 'how'],
    samples: (status) =>
      everyBackend(status).flatMap(({ labels, backend }) => bytesOf(backend.traffic, labels)),
  },
]
