/**
 * The fields of a status for the files of lists and maps. Pure.
 */
import { choice, finding, highest, key, keyOf, latest, metric, optional } from './kinds.js'

/** A file that the config names. Lists inside the config have none. */
export const LIST = {
  /** `addresses`: allow or deny. `names`: server names or hosts. `postgres-names`: users or databases. */
  kind: keyOf(['addresses', 'names', 'postgres-names']),
  /** As in the config. */
  file: key(),
  entries: highest('entries', metric('millrace_list_entries', 'Entries of the list that is in use.')),
  /** When the list that is in use was read. */
  loadedAt: latest(
    metric(
      'millrace_list_loaded_time_seconds',
      'When the list that is in use was read, in seconds since 1970.',
    ),
  ),
  /** Whether the file has changed and cannot be used. The list before stays in use. */
  isFailing: choice([true, false], {
    whenGone: false,
    metric: metric('millrace_list_failing', '1 while the file has changed and cannot be used, else 0.'),
  }),
  /** What is wrong with the file, with its first bad line. Undefined: it is in use. */
  error: optional(finding()),
}
