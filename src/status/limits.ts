/** The fields of a status for limits. Pure. */
import { count, gauge, highest, key, keyOf, metric } from './kinds.js'

/** What a scope with `maxConnections` or `newPerSecond` may have. */
export const LIMIT = {
  /** `process`, `listener/NAME` or `cluster/NAME`. */
  scope: key(),
  /** Connections that hold a place. */
  held: gauge(
    'connections',
    metric('millrace_limit_connections', 'Connections that count for the limit of this scope.'),
  ),
  /** `maxConnections` of all workers together. 0: the scope has only `newPerSecond`. */
  most: highest(
    'connections',
    metric(
      'millrace_limit_max_connections',
      'maxConnections of this scope, for all workers. 0: it has only newPerSecond.',
    ),
  ),
}

/** What had no place. `source-…`: the source of the client. `allow`, `deny`: the list that the client is not in, or is in. `ban`: the
 * client is banned, only for dry runs. */
export const LIMIT_REFUSALS = [
  'connections',
  'rate',
  'source-connections',
  'source-rate',
  'bytes-today',
  'table-full',
  'allow',
  'deny',
  'ban',
] as const

export const LIMIT_REFUSAL = {
  scope: key(),
  why: keyOf(LIMIT_REFUSALS),
  refused: count(
    'connections',
    metric('millrace_limit_refused_total', 'Clients that a limit of this scope refused.'),
  ),
  /** By limits with `dryRun`. The clients were let in. */
  wouldRefuse: count(
    'connections',
    metric('millrace_limit_dry_run_total', 'Clients that a limit with dryRun would have refused.'),
  ),
}
