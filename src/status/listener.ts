/**
 * What the status tells of a listener, and how its connections ended. Pure.
 *
 * One more count is one more line of LISTENER: the place that counts it finds its counter there, and types, schema,
 * merging and metrics follow.
 */

import { IS_LEAVING, PARTIES, PHASES, SIDES, TRAFFIC } from './common.js'
import { choice, count, gauge, histogram, key, keyOf, metric, part, setting, tally } from './kinds.js'

/** Of connections that are over and have copied bytes that might have been spliced. */
export const NOT_SPLICED = {
  /** Why, without what follows a colon. */
  reason: key(),
  connections: count(
    'connections',
    metric(
      'millrace_not_spliced_connections_total',
      'Connections that ended and had copied bytes that might have been spliced, by reason.',
    ),
  ),
  /** Copied. */
  bytes: count('bytes', metric('millrace_not_spliced_bytes_total', 'Bytes that these connections copied.')),
}

/** How often the connection to this side broke while bytes were moved. */
export const PIPE_ERROR = {
  side: keyOf(SIDES),
  /** errno name, or `other`. */
  errno: key(),
  count: count(
    'times',
    metric(
      'millrace_pipe_errors_total',
      'Times that the connection to one side broke while bytes moved. A reset is ECONNRESET.',
    ),
  ),
}

export const LISTENER = {
  name: key(),
  /** With the port in use where 0 was asked for. */
  address: setting(),
  isListening: choice([true, false], {
    whenGone: false,
    metric: metric('millrace_listener_up', '1 while the listener accepts clients, else 0.'),
  }),
  /** No config names it any more: it accepts nobody, and is here for connections it had accepted. */
  isLeaving: IS_LEAVING,
  /** Connections that are not over yet. */
  active: gauge('connections', metric('millrace_listener_connections', 'Connections that are open.')),
  accepted: count('connections', metric('millrace_listener_accepted_total', 'Clients accepted.')),
  /** Times accepting stopped for a moment because the system was out of fds or memory. */
  acceptPauses: count(
    'times',
    metric(
      'millrace_listener_accept_pauses_total',
      'Times that accepting paused because file descriptors, memory or epoll watches ran out.',
    ),
  ),
  traffic: part(TRAFFIC),
  ended: count('connections'),
  /** From accept to end. */
  seconds: histogram(
    metric('millrace_connection_seconds', 'How long connections lived, from accept to end.'),
  ),
  notSpliced: tally(NOT_SPLICED),
  pipeErrors: tally(PIPE_ERROR),
}

/** How often connections ended so. */
export const ENDING = {
  listener: key(),
  /** Empty where none was chosen. */
  cluster: key(),
  by: keyOf(PARTIES),
  phase: keyOf(PHASES),
  /** Without what follows a colon. */
  cause: key(),
  /** 0 where it can come about and has not yet. */
  count: count(
    'connections',
    metric(
      'millrace_connections_ended_total',
      'Connections that ended: who ended them, in which phase, and why.',
    ),
  ),
  /** Somebody's failure, not an ordinary end: what `always: [errors]` of the access log is about. */
  isError: choice([true, false]),
}
