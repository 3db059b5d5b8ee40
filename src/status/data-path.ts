/**
 * The fields of a status for the way bytes move, and for records. Pure.
 */
import { count, gauge, metric } from './kinds.js'

/** Totals over many pipes. */
export const PIPES = {
  /** Directions that proved to be bulk and began to splice. */
  promotions: count(
    'directions',
    metric('millrace_promotions_total', 'Directions that turned out to be bulk and began to splice.'),
  ),
  /** Directions that became small or idle and copy again. */
  demotions: count(
    'directions',
    metric('millrace_demotions_total', 'Directions that became small or idle and copy again.'),
  ),
  /** Times that bytes behind an urgent byte were copied. */
  urgentFallbacks: count(
    'times',
    metric('millrace_urgent_fallbacks_total', 'Times that bytes behind a TCP urgent byte were copied.'),
  ),
  /** Times that a direction copied because there was no kernel pipe for it. */
  pipesRefused: count('times'),
  /** Times that a direction copied because the kernel, or a seccomp filter, refused splice(2). */
  splicesRefused: count(
    'times',
    metric(
      'millrace_splice_refused_total',
      'Times that a direction copied because the kernel or a seccomp filter refused splice(2).',
    ),
  ),
  /**
   * Pipes that millrace cut because they stayed ready without progress. Anything but 0 is a bug of millrace.
   */
  infiniteLoops: count(
    'pipes',
    metric(
      'millrace_infinite_loops_total',
      'Connections that millrace cut because they stayed ready without progress. Anything but 0 is a bug of millrace.',
    ),
  ),
  /** Times that a direction waited because its sink took no more. */
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
  /** Open sockets and listeners. */
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
  /** Kernel pipes that could not be opened, since the start. */
  pipesRefused: count(
    'kernel pipes',
    metric('millrace_kernel_pipes_refused_total', 'Kernel pipes that could not be opened.'),
  ),
  /**
   * Kernel pipes that were opened smaller than wanted, since the start, because the user's quota was spent.
   */
  pipesDowngraded: count(
    'kernel pipes',
    metric(
      'millrace_kernel_pipes_downgraded_total',
      "Kernel pipes that were opened smaller than wanted because the user's quota was spent.",
    ),
  ),
  /** Bytes that wait in kernel pipes now. */
  pinnedBytes: gauge(
    'bytes',
    metric('millrace_kernel_pipe_bytes', 'Bytes that wait in kernel pipes for a side that takes no more.'),
  ),
  /** The limit for `pinnedBytes`: this process's share of the config's `pinnedMemoryBytes`. */
  pinnedBudgetBytes: gauge(
    'bytes',
    metric('millrace_kernel_pipe_bytes_budget', 'The limit for these bytes (`pinnedMemoryBytes`).'),
  ),
  /** Calls of splice(2) since the start, into pipes and out of them. */
  splices: count(
    'calls',
    metric('millrace_splices_total', 'Calls of splice(2), into kernel pipes and out of them.'),
  ),
}

/** Records (access log) so far. */
export const RECORDS = {
  /** Records that the file, the pipe or the terminal has taken. A library user's logger takes each at once. */
  written: count(
    'records',
    metric('millrace_records_written_total', 'Records (access log) that the target of the log has taken.'),
  ),
  /** How many of these were written while their connection was open. */
  whileOpen: count(
    'records',
    metric(
      'millrace_records_while_open_total',
      'Of the records written: those of connections that were still open.',
    ),
  ),
  /** Records that the config does not want, or that are below the level of the log. */
  skipped: count(
    'records',
    metric(
      'millrace_records_skipped_total',
      'Records that the config does not want, or that are below the level of the log.',
    ),
  ),
  /** Records lost because the log could not be written fast enough. */
  dropped: count(
    'records',
    metric(
      'millrace_records_dropped_total',
      'Records lost because the log could not be written fast enough.',
    ),
  ),
}

/** Messages to `log.syslog`: one for each line of the log. */
export const SYSLOG = {
  /** Messages that the kernel has taken. UDP does not tell whether somebody received them. */
  sent: count('messages', metric('millrace_syslog_sent_total', 'Messages that were sent to syslog.')),
  dropped: count(
    'messages',
    metric(
      'millrace_syslog_dropped_total',
      'Messages lost because the receiver of syslog was gone or did not take them fast enough.',
    ),
  ),
  /** Messages that were longer than `maxBytes`, and were cut. */
  cut: count(
    'messages',
    metric('millrace_syslog_cut_total', 'Messages to syslog that were longer than maxBytes, and were cut.'),
  ),
}
