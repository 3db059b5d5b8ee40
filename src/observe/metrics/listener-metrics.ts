/**
 * Per listener: who comes, and how it ends. Pure.
 */
import type { NotSplicedCount, ProxyStatus } from '../status.js'
import type { Sample } from './exposition.js'
import { bytesOf, everyListener, type Metric, perListener } from './metric.js'

export const LISTENERS: readonly Metric[] = [
  perListener(
    'gauge',
    'millrace_listener_up',
    '1 where it accepts, 0 where it does not.',
    ({ isLeaving, isListening }) => (isLeaving ? undefined : Number(isListening)),
  ),
  perListener(
    'gauge',
    'millrace_listener_connections',
    'Connections that are not over yet.',
    ({ active }) => active,
  ),
  perListener(
    'counter',
    'millrace_listener_accepted_total',
    'Connections accepted.',
    ({ accepted }) => accepted,
  ),
  perListener(
    'counter',
    'millrace_listener_accept_pauses_total',
    'Times accepting paused because the system was out of file descriptors, memory or watches of epoll.',
    ({ acceptPauses }) => acceptPauses,
  ),
  {
    name: 'millrace_listener_bytes_total',
    type: 'counter',
    help: 'Bytes forwarded; up is client to backend.',
    labels: ['listener', 'direction', 'how'],
    samples: (status) =>
      everyListener(status).flatMap(({ name, traffic }) => bytesOf(traffic, { listener: name })),
  },
  {
    name: 'millrace_listener_received_bytes_total',
    type: 'counter',
    help: 'Bytes taken from either side. What was not forwarded is under way, or was lost.',
    labels: ['listener', 'side'],
    samples: (status) =>
      everyListener(status).flatMap(({ name: listener, traffic }) => [
        { labels: { listener, side: 'client' }, value: traffic.receivedUp },
        { labels: { listener, side: 'backend' }, value: traffic.receivedDown },
      ]),
  },
  {
    name: 'millrace_pipe_errors_total',
    type: 'counter',
    help: 'Times the connection to one side broke while bytes were moved, a reset being ECONNRESET.',
    labels: ['listener', 'side', 'errno'],
    samples: (status) =>
      everyListener(status).flatMap(({ name: listener, pipeErrors }) =>
        pipeErrors.map(({ side, errno, count }) => ({ labels: { listener, side, errno }, value: count })),
      ),
  },
  {
    name: 'millrace_not_spliced_connections_total',
    type: 'counter',
    help: 'Connections that are over and have copied what might have been spliced, by why.',
    labels: ['listener', 'reason'],
    samples: (status) => notSpliced(status, ({ connections }) => connections),
  },
  {
    name: 'millrace_not_spliced_bytes_total',
    type: 'counter',
    help: 'Bytes that these have copied.',
    labels: ['listener', 'reason'],
    samples: (status) => notSpliced(status, ({ bytes }) => bytes),
  },
  {
    name: 'millrace_connections_ended_total',
    type: 'counter',
    help: 'Connections that are over, by whose doing, when and why.',
    labels: ['listener', 'cluster', 'by', 'phase', 'cause'],
    samples: ({ endings }) =>
      endings.map(({ listener, cluster, by, phase, cause, count }) => ({
        labels: { listener, cluster, by, phase, cause },
        value: count,
      })),
  },
  {
    name: 'millrace_connection_seconds',
    type: 'histogram',
    help: 'From accept to end.',
    labels: ['listener'],
    samples: (status) =>
      everyListener(status).map(({ name, seconds: value }) => ({ labels: { listener: name }, value })),
  },
]

const notSpliced = (status: ProxyStatus, value: (counts: NotSplicedCount) => number): Sample[] =>
  everyListener(status).flatMap(({ name: listener, notSpliced }) =>
    notSpliced.map((counts) => ({ labels: { listener, reason: counts.reason }, value: value(counts) })),
  )
