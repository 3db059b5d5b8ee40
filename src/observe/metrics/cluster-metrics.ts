/**
 * Per cluster and backend: where clients go to. Pure.
 */
import {
  bytesOf,
  everyBackend,
  everyCluster,
  histogramPerBackend,
  type Metric,
  perBackend,
  perCluster,
} from './metric.js'

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
    samples: (status) =>
      everyCluster(status).flatMap(({ name, traffic }) => bytesOf(traffic, { cluster: name })),
  },
]

export const BACKENDS: readonly Metric[] = [
  perBackend(
    'gauge',
    'millrace_backend_up',
    '1 where the last connects succeeded, 0 where it rests or has no address.',
    ({ isLeaving, state }) => (isLeaving ? undefined : Number(state === 'up')),
  ),
  perBackend(
    'gauge',
    'millrace_backend_in_use',
    '1 where it may get new connections, 0 where an operator has taken it out.',
    ({ isLeaving, setTo, weight }) => (isLeaving ? undefined : Number(setTo === 'up' && weight > 0)),
  ),
  perBackend(
    'gauge',
    'millrace_backend_weight',
    'Its share beside the others of its cluster.',
    ({ isLeaving, weight }) => (isLeaving ? undefined : weight),
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
      everyBackend(status).flatMap(({ labels, backend }) => bytesOf(backend.traffic, labels)),
  },
  histogramPerBackend(
    'millrace_connect_seconds',
    'From the dial to a connected backend, retries included.',
    ({ connectSeconds }) => connectSeconds,
  ),
  histogramPerBackend(
    'millrace_first_byte_seconds',
    "From a connected backend to that backend's first byte.",
    ({ firstByteSeconds }) => firstByteSeconds,
  ),
]
