/**
 * What the status tells of clusters and their backends. Pure.
 */

import { IS_LEAVING, TRAFFIC } from './common.js'
import {
  choice,
  count,
  finding,
  gauge,
  highest,
  histogram,
  key,
  lowest,
  metric,
  optional,
  part,
  past,
  texts,
  things,
} from './kinds.js'

/**
 * What a backend knows of itself. Each worker finds out for itself: a backend is up as long as one of them gets through,
 * and in use as much as one of them has it.
 */
export const BACKEND_STATE = {
  /** As configured. */
  address: key(),
  /** 0: it gets no new connections. */
  weight: highest(
    'weight',
    metric('millrace_backend_weight', 'Its share beside the other weights of the cluster.'),
  ),
  /** What an operator has set it to. `drain` and `maint`: it gets no new connections. */
  setTo: choice(['up', 'drain', 'maint']),
  /** `down`: all its addresses failed and none answered since. `unresolved`: its host name had no answer yet. */
  state: choice(['up', 'down', 'unresolved'], {
    metric: metric('millrace_backend_up', '0 while all its addresses fail or its name has none, else 1.'),
  }),
  /** How long it is still skipped while others are available, in ms. 0: it is not. */
  restingMs: lowest('ms'),
  /** What the address means now; several where a host name has several. */
  resolved: texts(),
  /** Connections in use. */
  active: gauge('connections', metric('millrace_backend_connections', 'Connections in use.')),
  /** Connections ever made. */
  connections: count('connects', metric('millrace_backend_connects_total', 'Connects that succeeded.')),
  /** Connects that failed by the backend's fault, ever. */
  failures: count(
    'connects',
    metric(
      'millrace_backend_connects_failed_total',
      'Connects that failed and were the fault of the backend.',
    ),
  ),
  /** errno name of the last of these; undefined when there was none. */
  lastError: optional(finding()),
}

export const BACKEND = {
  ...BACKEND_STATE,
  /** No config names it any more: it gets no new connections, and is here for those it has. */
  isLeaving: IS_LEAVING,
  traffic: part(TRAFFIC),
  connectSeconds: histogram(
    metric('millrace_connect_seconds', 'From the dial to a connected backend, retries included.'),
  ),
  firstByteSeconds: histogram(
    metric('millrace_first_byte_seconds', "From a connected backend to that backend's first byte."),
  ),
}

export const CLUSTER = {
  name: key(),
  /** No config names it any more: it is here for the connections it has. */
  isLeaving: IS_LEAVING,
  traffic: part(TRAFFIC),
  active: gauge('connections', metric('millrace_cluster_connections', 'Connections that are open.')),
  ended: count('connections', metric('millrace_cluster_connections_ended_total', 'Connections that ended.')),
  /** Connects that failed before another one succeeded or the connection was given up. */
  retries: count(
    'connects',
    metric(
      'millrace_cluster_retries_total',
      'Connects that failed before another one succeeded, or before millrace gave up.',
    ),
  ),
  /** From the dial to a connected backend. */
  connectSeconds: histogram(),
  /** From then to the backend's first byte. */
  firstByteSeconds: histogram(),
  backends: things(BACKEND, { past: 'pastBackends', label: 'backend' }),
  /** Those a config once named that have no connection left. Only what they counted means anything. */
  pastBackends: past(BACKEND),
}
