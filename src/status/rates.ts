/** The fields of a status for rates of bytes that connections share. Pure. */
import { count, gauge, key, keyOf, metric } from './kinds.js'

/** What happened to the rate of one scope, or to those of all sources in it. A row exists from the first connection on. */
export const RATE = {
  /** `process`, `listener/NAME` or `cluster/NAME`. */
  scope: key(),
  /** `scope`: all its connections share one rate. `source`: those of each source do. */
  per: keyOf(['scope', 'source']),
  direction: keyOf(['up', 'down']),
  waiting: gauge(
    'directions',
    metric(
      'millrace_rate_waiting',
      'Directions of connections that wait for their turn under a shared rate.',
    ),
  ),
  waitedSeconds: count(
    'seconds',
    metric(
      'millrace_rate_waited_seconds_total',
      'How long directions of connections waited for their turn under a shared rate, all together.',
    ),
  ),
}
