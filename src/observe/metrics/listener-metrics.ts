/**
 * Per listener: who comes, and how it ends. Pure.
 */
import { bytesOf, type Metric, perListener } from './metric.js'

export const LISTENERS: readonly Metric[] = [
  perListener(
    'gauge',
    'millrace_listener_up',
    '1 where it accepts, 0 where it does not.',
    ({ isListening }) => Number(isListening),
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
    'Times accepting paused because the system was out of file descriptors or memory.',
    ({ acceptPauses }) => acceptPauses,
  ),
  {
    name: 'millrace_listener_bytes_total',
    type: 'counter',
    help: 'Bytes forwarded; up is client to backend.',
    labels: ['listener', 'direction', 'how'],
    samples: ({ listeners }) =>
      listeners.flatMap(({ name, traffic }) => bytesOf(traffic, { listener: name })),
  },
  {
    name: 'millrace_connections_ended_total',
    type: 'counter',
    help: 'Connections that are over, by whose doing, when and why.',
    labels: ['listener', 'by', 'phase', 'cause'],
    samples: ({ endings }) =>
      endings.map(({ listener, by, phase, cause, count }) => ({
        labels: { listener, by, phase, cause },
        value: count,
      })),
  },
  {
    name: 'millrace_connection_seconds',
    type: 'histogram',
    help: 'From accept to end.',
    labels: ['listener'],
    samples: ({ listeners }) =>
      listeners.map(({ name, seconds: value }) => ({ labels: { listener: name }, value })),
  },
]
