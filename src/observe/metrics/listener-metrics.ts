/**
 * Metrics of listeners that no single field of a status gives: bytes received and forwarded. Pure.
 */
import { bytesOf, everyListener, type Metric } from './metric.js'

export const LISTENERS: readonly Metric[] = [
  {
    name: 'millrace_listener_bytes_total',
    type: 'counter',
    help: 'Bytes forwarded. Up is client to backend.',
    labels: ['listener', 'direction', 'how'],
    samples: (status) =>
      everyListener(status).flatMap(({ name, traffic }) => bytesOf(traffic, { listener: name })),
  },
  {
    name: 'millrace_listener_received_bytes_total',
    type: 'counter',
    help: 'Bytes taken from each side. Bytes that were not forwarded are inside millrace, or were lost.',
    labels: ['listener', 'side'],
    samples: (status) =>
      everyListener(status).flatMap(({ name: listener, traffic }) => [
        { labels: { listener, side: 'client' }, value: traffic.receivedUp },
        { labels: { listener, side: 'backend' }, value: traffic.receivedDown },
      ]),
  },
]
