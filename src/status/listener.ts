/**
 * The fields of a status for a listener and for the ways its connections ended. Pure.
 *
 * One more count is one more line of LISTENER. The code that counts finds its counter there. Types, schema,
 * merging and metrics follow.
 */

import { IS_LEAVING, OUTCOMES, PARTIES, PHASES, SIDES, TRAFFIC } from './common.js'
import {
  choice,
  count,
  finding,
  gauge,
  histogram,
  key,
  keyOf,
  metric,
  optional,
  part,
  setting,
  tally,
} from './kinds.js'

/** Connections that ended and copied bytes that they might have spliced. */
export const NOT_SPLICED = {
  /** Why they copied, without the text after a colon. */
  reason: key(),
  connections: count(
    'connections',
    metric(
      'millrace_not_spliced_connections_total',
      'Connections that ended and had copied bytes that might have been spliced, by reason.',
    ),
  ),
  /** Bytes that these connections copied. */
  bytes: count('bytes', metric('millrace_not_spliced_bytes_total', 'Bytes that these connections copied.')),
}

/** How often the connection to this side broke while bytes moved. */
export const PIPE_ERROR = {
  side: keyOf(SIDES),
  /** The errno name, or `other`. */
  errno: key(),
  count: count(
    'times',
    metric(
      'millrace_pipe_errors_total',
      'Times that the connection to one side broke while bytes moved. A reset is ECONNRESET.',
    ),
  ),
}

/** Clients that were turned away on purpose. They are no errors. */
export const DENIED = {
  /** The same word as after the colon of the record's `ended.cause`, or `rejected`. */
  why: key(),
  count: count(
    'connections',
    metric('millrace_connections_denied_total', 'Clients that were turned away on purpose, by reason.'),
  ),
}

export const LISTENER = {
  name: key(),
  /** If the config says port 0, it has the port in use. */
  address: setting(),
  isListening: choice([true, false], {
    whenGone: false,
    metric: metric('millrace_listener_up', '1 while the listener accepts clients, else 0.'),
  }),
  /** What prevents accepting at the moment, although clients wait: an errno name such as EMFILE. Undefined: nothing does. */
  shortage: optional(finding()),
  /**
   * The config no longer names the listener. It accepts no clients, and stays for the connections that it
   * has.
   */
  isLeaving: IS_LEAVING,
  /** Connections that have not ended. */
  active: gauge('connections', metric('millrace_listener_connections', 'Connections that are open.')),
  accepted: count('connections', metric('millrace_listener_accepted_total', 'Clients accepted.')),
  /** Connections that another process has handed over in an upgrade. They were accepted there. */
  handedOver: count(
    'connections',
    metric('millrace_handed_over_total', 'Connections that another process has handed over in an upgrade.'),
  ),
  /** Times that accepting paused for a moment because file descriptors or memory ran out. */
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
  denied: tally(DENIED),
}

/** How often connections ended in one way. */
export const ENDING = {
  listener: key(),
  /** Empty: no cluster was chosen. */
  cluster: key(),
  by: keyOf(PARTIES),
  phase: keyOf(PHASES),
  /** Without the text after a colon. */
  cause: key(),
  /** 0: this ending is possible, and none has happened yet. */
  count: count(
    'connections',
    metric(
      'millrace_connections_ended_total',
      'Connections that ended: who ended them, in which phase, and why.',
    ),
  ),
  /** `always: [errors]` of the access log means the errors. */
  outcome: choice(OUTCOMES),
}
