/**
 * How bytes are moved, and what becomes of records. Pure.
 */
import { type Metric, one } from './metric.js'

export const DATA_PATH: readonly Metric[] = [
  one(
    'counter',
    'millrace_promotions_total',
    'Directions that proved to be bulk and began to splice.',
    ({ pipes }) => pipes.promotions,
  ),
  one(
    'counter',
    'millrace_demotions_total',
    'Directions that turned small or idle and copy again.',
    ({ pipes }) => pipes.demotions,
  ),
  one(
    'counter',
    'millrace_urgent_fallbacks_total',
    'Times bytes behind an urgent byte went by copy.',
    ({ pipes }) => pipes.urgentFallbacks,
  ),
  one(
    'counter',
    'millrace_splice_refused_total',
    'Times a direction copied because the kernel, or a filter, refused splice(2).',
    ({ pipes }) => pipes.splicesRefused,
  ),
  one(
    'counter',
    'millrace_sink_full_total',
    'Times a direction had to wait because the side it goes to took no more.',
    ({ pipes }) => pipes.sinkFull,
  ),
  one(
    'counter',
    'millrace_infinite_loops_total',
    'Pipes that stayed ready without progress and were cut. Always 0, or there is a bug.',
    ({ pipes }) => pipes.infiniteLoops,
  ),
  one(
    'gauge',
    'millrace_kernel_pipes_in_use',
    'Kernel pipes with bytes in flight.',
    ({ kernel }) => kernel?.pipesInUse,
  ),
  one(
    'gauge',
    'millrace_kernel_pipes_idle',
    'Kernel pipes that wait to be used again.',
    ({ kernel }) => kernel?.pipesIdle,
  ),
  one(
    'counter',
    'millrace_kernel_pipes_refused_total',
    'Kernel pipes that could not be had.',
    ({ kernel }) => kernel?.pipesRefused,
  ),
  one(
    'counter',
    'millrace_kernel_pipes_downgraded_total',
    "Kernel pipes opened smaller than was asked for, because the user's quota was spent.",
    ({ kernel }) => kernel?.pipesDowngraded,
  ),
  one(
    'gauge',
    'millrace_kernel_pipe_bytes',
    'Bytes that wait in kernel pipes for a side that takes no more.',
    ({ kernel }) => kernel?.pinnedBytes,
  ),
  one(
    'gauge',
    'millrace_kernel_pipe_bytes_budget',
    'What these bytes are to stay below (`pinnedMemoryBytes`).',
    ({ kernel }) => kernel?.pinnedBudgetBytes,
  ),
  one(
    'counter',
    'millrace_splices_total',
    'Calls of splice(2), into kernel pipes and out of them.',
    ({ kernel }) => kernel?.splices,
  ),
  one(
    'gauge',
    'millrace_sockets',
    'Sockets and listeners open on the kernel path.',
    ({ kernel }) => kernel?.descriptors,
  ),
  one(
    'counter',
    'millrace_records_written_total',
    'Records (access log) written.',
    ({ records }) => records.written,
  ),
  one(
    'counter',
    'millrace_records_skipped_total',
    'Records not chosen by the config.',
    ({ records }) => records.skipped,
  ),
  one(
    'counter',
    'millrace_records_dropped_total',
    'Records lost because the log could not be written as fast.',
    ({ records }) => records.dropped,
  ),
]
