/**
 * The fields of a status for clusters and their backends. Pure.
 */

import { IS_LEAVING, TRAFFIC } from './common.js'
import {
  choice,
  commonCount,
  count,
  finding,
  gauge,
  highest,
  histogram,
  key,
  latest,
  lowest,
  metric,
  optional,
  part,
  past,
  texts,
  things,
} from './kinds.js'

/**
 * The state of a backend. All workers are told the same, but not at the same moment. If they differ, the status has the
 * better value: up before down, and the highest weight.
 */
export const BACKEND_STATE = {
  /** As in the config. In a cluster with `dial` it is an allowed name and a port. */
  address: key(),
  /** 0: the backend gets no new connections. */
  weight: highest(
    'weight',
    metric('millrace_backend_weight', 'Its share beside the other weights of the cluster.'),
  ),
  /** Backends of a greater tier get connections only if no backend of a smaller one is available. */
  tier: lowest(
    'tier',
    metric(
      'millrace_backend_tier',
      'Its tier. The smallest tier with an available backend gets all connections, unless failback is manual.',
    ),
  ),
  /** What an operator has set. `drain` and `maint`: the backend gets no new connections. */
  setTo: choice(['up', 'drain', 'maint']),
  /**
   * `down`: its checks, its agent or its connections say so, or it flaps. `unresolved`: its
   * host name has no answer yet.
   */
  state: choice(['up', 'down', 'unresolved'], {
    metric: metric('millrace_backend_up', '0 while it is down or its name has no address, else 1.'),
  }),
  /** What its agent has set. `drain` and `maint`: no new connections. Undefined: no agent has set anything. */
  agentSet: optional(choice(['ready', 'drain', 'maint'])),
  /** What decides about the state: checks, the agent, failed connects, or missing answers. Undefined: nothing yet. */
  judgedBy: optional(choice(['check', 'agent', 'connects', 'answers'])),
  /** Why, as HAProxy abbreviates it: L4OK, L4CON, L7STS … `AGENT`: the agent says so. Undefined: nothing is known. */
  reason: optional(finding()),
  /** More about it, such as an errno name, the status of an answer, or the words of the agent. */
  reasonDetail: optional(finding()),
  /** When the backend last went down or came back. Undefined: never. */
  changedAt: optional(
    latest(
      metric(
        'millrace_backend_changed_time_seconds',
        'When it last went down or came back, in seconds since 1970. Absent if it never did.',
      ),
    ),
  ),
  /** It went down and came back so often that it stays down for a while. */
  isFlapping: choice([true, false], {
    whenGone: false,
    metric: metric(
      'millrace_backend_flapping',
      '1 while it stays down because it changes too often, else 0.',
    ),
  }),
  /** Active checks that ended. */
  checks: commonCount('checks', metric('millrace_backend_checks_total', 'Active checks that ended.')),
  checksFailed: commonCount(
    'checks',
    metric('millrace_backend_checks_failed_total', 'Active checks that failed.'),
  ),
  /** Connections that it may have. 0: any number. While it starts slowly, it has a part of its limit. */
  maxConnections: highest(
    'connections',
    metric('millrace_backend_connections_limit', 'Connections that it may have. 0: any number.'),
  ),
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
  /** Clients that wait for a place at this backend and no other. Others wait for any backend of the cluster. */
  queued: gauge(
    'connections',
    metric('millrace_backend_queued', 'Clients that wait for a place at this backend and no other.'),
  ),
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
  /** The forward proxy of its connects, without credentials. Undefined: connects are direct. */
  via: optional(finding()),
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
  /** Clients that wait for a place. */
  queued: gauge('connections', metric('millrace_cluster_queued', 'Clients that wait for a place.')),
  /** Clients that have had to wait for a place so far. */
  waited: count(
    'connections',
    metric('millrace_cluster_queued_total', 'Clients that have had to wait for a place.'),
  ),
  /** How long the client waits that has waited longest. 0: nobody waits. */
  longestWaitSeconds: highest(
    'seconds',
    metric('millrace_cluster_longest_wait_seconds', 'How long the client waits that has waited longest.'),
  ),
  /** Until the hold of an operator ends. Undefined: nobody holds the cluster. */
  holdSeconds: optional(
    highest(
      'seconds',
      metric('millrace_cluster_hold_seconds', 'Until the hold of an operator ends. Absent without one.'),
    ),
  ),
  /** The tier that gets new connections. Undefined: no backend works. */
  servingTier: optional(
    lowest('tier', metric('millrace_cluster_serving_tier', 'The tier that gets new connections.')),
  ),
  /** From the dial to a connected backend. */
  connectSeconds: histogram(),
  /** From a connected backend to its first byte. */
  firstByteSeconds: histogram(),
  backends: things(BACKEND, { past: 'pastBackends', label: 'backend' }),
  /** Backends that were once in a config and have no connection left. Only their counts have a meaning. */
  pastBackends: past(BACKEND),
}
