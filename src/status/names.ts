/**
 * The fields of a status for the names of backends. Pure.
 */
import { choice, earliest, finding, key, keyOf, latest, metric, optional, texts } from './kinds.js'

/** A host name, or the name of a service, that backends have. */
export const NAME = {
  /** `host`: it has addresses. `srv`: it has SRV records. */
  kind: keyOf(['host', 'srv']),
  /** As in the config. */
  name: key(),
  /** What it means: IP addresses, and for a service with ports. */
  places: texts(metric('millrace_name_addresses', 'Addresses that the name has.')),
  /** When the last good answer came. Undefined: there has been none. */
  answeredAt: optional(
    latest(
      metric(
        'millrace_name_answered_time_seconds',
        'When the last good answer came, in seconds since 1970. Absent if there was none.',
      ),
    ),
  ),
  /** When millrace asks again. Undefined: a question is on its way. */
  nextAt: optional(earliest()),
  /** Whether the last question had no good answer. */
  isFailing: choice([true, false], {
    whenGone: false,
    metric: metric('millrace_name_failing', '1 while the last question had no good answer, else 0.'),
  }),
  /** Why it had none: a code of DNS such as `NXDOMAIN`, or an errno name. Undefined: it had one. */
  error: optional(finding()),
}
