/**
 * The fields of a status for clusters and their backends. Pure.
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
 * The state of a backend. Each worker finds it out by itself. If workers differ, the status has the better
 * value: up before down, and the highest weight.
 */
export const BACKEND_STATE = {
  /** As in the config. */
  address: key(),
  /** 0: the backend gets no new connections. */
  weight: highest(
    'weight',
    metric('millrace_backend_weight', 'Its share beside the other weights of the cluster.'),
  ),
  /** Backends of a greater tier get connections only if no backend of a smaller one is available. */
  tier: lowest('tier'),
  /** What an operator has set. `drain` and `maint`: the backend gets no new connections. */
  setTo: choice(['up', 'drain', 'maint']),
  /**
   * `down`: all addresses of the backend failed, and none has answered since. `unresolved`: its host name has
   * no answer yet.
   */
  state: choice(['up', 'down', 'unresolved'], {
    metric: metric('millrace_backend_up', '0 while all its addresses fail or its name has none, else 1.'),
  }),
  /** ms in which the backend is still skipped while others are available. 0: it is not skipped. */
  restingMs: lowest('ms'),
  /** The present IP addresses of the backend. A host name can have several. */
  resolved: texts(),
  /** Connections in use. */
  active: gauge('connections', metric('millrace_backend_connections', 'Connections in use.')),
  /** All connections that were ever made. */
  connections: count('connects', metric('millrace_backend_connects_total', 'Connects that succeeded.')),
  /** All connects that failed and were the backend's fault. */
  failures: count(
    'connects',
    metric(
      'millrace_backend_connects_failed_total',
      'Connects that failed and were the fault of the backend.',
    ),
  ),
  /** The errno name of the last failed connect. Undefined: none has failed. */
  lastError: optional(finding()),
}

export const BACKEND = {
  ...BACKEND_STATE,
  /** The config no longer names the backend. It gets no new connections, and stays for those that it has. */
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
  /** The config no longer names the cluster. It stays for the connections that it has. */
  isLeaving: IS_LEAVING,
  traffic: part(TRAFFIC),
  active: gauge('connections', metric('millrace_cluster_connections', 'Connections that are open.')),
  ended: count('connections', metric('millrace_cluster_connections_ended_total', 'Connections that ended.')),
  /** Connects that failed before another one succeeded, or before millrace gave up. */
  retries: count(
    'connects',
    metric(
      'millrace_cluster_retries_total',
      'Connects that failed before another one succeeded, or before millrace gave up.',
    ),
  ),
  /** Picks for connections without the key that `balance: hash` needs. They were balanced in turn. */
  keyless: count(
    'connects',
    metric(
      'millrace_cluster_keyless_total',
      'Picks for connections without the key that `balance: hash` needs.',
    ),
  ),
  /** From the dial to a connected backend. */
  connectSeconds: histogram(),
  /** From a connected backend to its first byte. */
  firstByteSeconds: histogram(),
  backends: things(BACKEND, { past: 'pastBackends', label: 'backend' }),
  /** Backends that were once in a config and have no connection left. Only their counts have a meaning. */
  pastBackends: past(BACKEND),
}
