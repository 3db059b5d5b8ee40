/**
 * Per cluster and backend: where clients go to. Pure.
 */
import { backendsOf, bytesOf, type Metric, perBackend, perCluster } from './metric.js'

export const CLUSTERS: readonly Metric[] = [
  perCluster(
    'gauge',
    'millrace_cluster_connections',
    'Connections that are not over yet.',
    ({ active }) => active,
  ),
  perCluster(
    'counter',
    'millrace_cluster_connections_ended_total',
    'Connections that are over.',
    ({ ended }) => ended,
  ),
  perCluster(
    'counter',
    'millrace_cluster_retries_total',
    'Connects after one that failed.',
    ({ retries }) => retries,
  ),
  {
    name: 'millrace_cluster_bytes_total',
    type: 'counter',
    help: 'Bytes forwarded; up is client to backend.',
    labels: ['cluster', 'direction', 'how'],
    samples: ({ clusters }) => clusters.flatMap(({ name, traffic }) => bytesOf(traffic, { cluster: name })),
  },
  {
    name: 'millrace_connect_seconds',
    type: 'histogram',
    help: 'From accept to a connected backend.',
    labels: ['cluster'],
    samples: ({ clusters }) =>
      clusters.map(({ name, connectSeconds }) => ({ labels: { cluster: name }, value: connectSeconds })),
  },
  {
    name: 'millrace_first_byte_seconds',
    type: 'histogram',
    help: "From a connected backend to that backend's first byte.",
    labels: ['cluster'],
    samples: ({ clusters }) =>
      clusters.map(({ name, firstByteSeconds }) => ({ labels: { cluster: name }, value: firstByteSeconds })),
  },
]

export const BACKENDS: readonly Metric[] = [
  perBackend(
    'gauge',
    'millrace_backend_up',
    '1 where the last connects succeeded, 0 where it rests or has no address.',
    ({ state }) => Number(state === 'up'),
  ),
  perBackend(
    'gauge',
    'millrace_backend_in_use',
    '1 where it may get new connections, 0 where an operator has taken it out.',
    ({ setTo, weight }) => Number(setTo === 'up' && weight > 0),
  ),
  perBackend(
    'gauge',
    'millrace_backend_weight',
    'Its share beside the others of its cluster.',
    ({ weight }) => weight,
  ),
  perBackend('gauge', 'millrace_backend_connections', 'Connections in use.', ({ active }) => active),
  perBackend(
    'counter',
    'millrace_backend_connects_total',
    'Connects that succeeded.',
    ({ connections }) => connections,
  ),
  perBackend(
    'counter',
    'millrace_backend_connects_failed_total',
    "Connects that failed by the backend's fault.",
    ({ failures }) => failures,
  ),
  {
    name: 'millrace_backend_bytes_total',
    type: 'counter',
    help: 'Bytes forwarded; up is client to backend.',
    labels: ['cluster', 'backend', 'direction', 'how'],
    samples: (status) =>
      backendsOf(status).flatMap(({ cluster, backend }) =>
        bytesOf(backend.traffic, { cluster, backend: backend.address }),
      ),
  },
]
