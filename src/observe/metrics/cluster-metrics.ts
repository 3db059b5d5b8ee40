/**
 * Metrics of clusters and backends that no single field of a status gives: bytes, whether a backend may be chosen, and
 * why it is up or down. Pure.
 */
import type { BackendReport, ProxyStatus } from '../status.js'
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
    help: '1 while it may get new connections, 0 after an operator or its agent took it out.',
    labels: ['cluster', 'backend'],
    samples: (status) =>
      judgedBackends(status).map(({ labels, backend }) => ({ labels, value: Number(isInUse(backend)) })),
  },
  {
    name: 'millrace_backend_reason',
    type: 'gauge',
    help: 'Always 1. The labels say why it is up or down, and what decides. Absent while nothing is known.',
    labels: ['cluster', 'backend', 'judged_by', 'reason'],
    samples: (status) =>
      judgedBackends(status).flatMap(({ labels, backend: { judgedBy, reason } }) =>
        judgedBy === undefined || reason === undefined
          ? []
          : [{ labels: { ...labels, judged_by: judgedBy, reason }, value: 1 }],
      ),
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

/** Without those that are leaving: their settings and their health mean nothing any more. */
const judgedBackends = (status: ProxyStatus): ReturnType<typeof presentBackends> =>
  presentBackends(status).filter(({ backend }) => !backend.isLeaving)

const isInUse = ({ setTo, agentSet, weight }: BackendReport): boolean =>
  setTo === 'up' && agentSet !== 'drain' && agentSet !== 'maint' && weight > 0
