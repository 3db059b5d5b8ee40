/**
 * What the status tells of how bytes are moved, and of records. Pure.
 */
import { count, gauge, metric } from './kinds.js'

/** Totals over many pipes. */
export const PIPES = {
  /** Directions that proved to be bulk and began to splice. */
  promotions: count(
    'directions',
    metric('millrace_promotions_total', 'Directions that turned out to be bulk and began to splice.'),
  ),
  /** Directions that turned small or idle and copy again. */
  demotions: count(
    'directions',
    metric('millrace_demotions_total', 'Directions that became small or idle and copy again.'),
  ),
  /** Times bytes behind an urgent byte went by copy. */
  urgentFallbacks: count(
    'times',
    metric('millrace_urgent_fallbacks_total', 'Times that bytes behind a TCP urgent byte were copied.'),
  ),
  /** Times a direction copied because no kernel pipe could be had. */
  pipesRefused: count('times'),
  /** Times a direction copied because the kernel, or a filter, refused splice(2) itself. */
  splicesRefused: count(
    'times',
    metric(
      'millrace_splice_refused_total',
      'Times that a direction copied because the kernel or a seccomp filter refused splice(2).',
    ),
  ),
  /** Pipes ended because they stayed ready without progress. Always 0, or there is a bug. */
  infiniteLoops: count(
    'pipes',
    metric(
      'millrace_infinite_loops_total',
      'Connections that millrace cut because they stayed ready without progress. Anything but 0 is a bug of millrace.',
    ),
  ),
  /** Times a direction had to wait because its sink took no more. */
  sinkFull: count(
    'times',
    metric(
      'millrace_sink_full_total',
      'Times that a direction waited because the receiving side took no more.',
    ),
  ),
}

/** The kernel path of a thread. */
export const KERNEL = {
  /** Sockets and listeners open. */
  descriptors: gauge(
    'sockets',
    metric('millrace_sockets', 'Sockets and listeners that are open on the kernel path.'),
  ),
  pipesInUse: gauge(
    'kernel pipes',
    metric('millrace_kernel_pipes_in_use', 'Kernel pipes with bytes in them.'),
  ),
  pipesIdle: gauge(
    'kernel pipes',
    metric('millrace_kernel_pipes_idle', 'Empty kernel pipes that wait for their next use.'),
  ),
  /** Leases refused since start. */
  pipesRefused: count(
    'kernel pipes',
    metric('millrace_kernel_pipes_refused_total', 'Kernel pipes that could not be opened.'),
  ),
  /** Pipes opened smaller than was asked for since start, because this user's quota is spent. */
  pipesDowngraded: count(
    'kernel pipes',
    metric(
      'millrace_kernel_pipes_downgraded_total',
      "Kernel pipes that were opened smaller than wanted because the user's quota was spent.",
    ),
  ),
  /** Bytes that wait in kernel pipes at this moment. */
  pinnedBytes: gauge(
    'bytes',
    metric('millrace_kernel_pipe_bytes', 'Bytes that wait in kernel pipes for a side that takes no more.'),
  ),
  /** What these are to stay below: this process's share of `pinnedMemoryBytes`. */
  pinnedBudgetBytes: gauge(
    'bytes',
    metric('millrace_kernel_pipe_bytes_budget', 'The limit for these bytes (`pinnedMemoryBytes`).'),
  ),
  /** Calls of splice(2) since start, into pipes and out of them. */
  splices: count(
    'calls',
    metric('millrace_splices_total', 'Calls of splice(2), into kernel pipes and out of them.'),
  ),
}

/** Records (access log) so far. */
export const RECORDS = {
  written: count('records', metric('millrace_records_written_total', 'Records (access log) written.')),
  /** Not wanted by the config, or below the log's level. */
  skipped: count(
    'records',
    metric(
      'millrace_records_skipped_total',
      'Records that the config does not want, or that are below the level of the log.',
    ),
  ),
  /** Lost because the log could not be written as fast. */
  dropped: count(
    'records',
    metric(
      'millrace_records_dropped_total',
      'Records lost because the log could not be written fast enough.',
    ),
  ),
}
