/**
 * The process: what runs, and what it costs. Pure.
 */
import { type Metric, one, sumOf, worstOf } from './metric.js'

export const PROCESS: readonly Metric[] = [
  {
    name: 'millrace_info',
    type: 'gauge',
    help: 'Always 1; the labels say which version runs, on which engine.',
    labels: ['version', 'engine'],
    samples: ({ version, engine }) => [{ labels: { version, engine }, value: 1 }],
  },
  {
    name: 'millrace_state',
    type: 'gauge',
    help: '1 for the present state, 0 for the others.',
    labels: ['state'],
    samples: (status) =>
      (['new', 'running', 'draining', 'stopped'] as const).map((state) => ({
        labels: { state },
        value: Number(state === status.state),
      })),
  },
  {
    name: 'millrace_not_splicing',
    type: 'gauge',
    help: '1 where nothing is spliced at this moment, with the reason; absent where it is.',
    labels: ['reason'],
    samples: ({ notSplicing }) =>
      notSplicing === undefined ? [] : [{ labels: { reason: notSplicing.split(':')[0]! }, value: 1 }],
  },
  one('gauge', 'millrace_workers', 'Processes that serve.', ({ workers }) => workers),
  one(
    'gauge',
    'millrace_workers_wanted',
    'Processes that are to serve.',
    ({ workersWanted }) => workersWanted,
  ),
  one(
    'gauge',
    'millrace_workers_silent',
    'Workers that do not answer: their figures are their last.',
    ({ workersSilent }) => workersSilent,
  ),
  one(
    'gauge',
    'millrace_workers_differing',
    'Settings that are not the same in all workers.',
    ({ workersDiffer }) => workersDiffer.length,
  ),
  one(
    'counter',
    'millrace_worker_deaths_total',
    'Workers that ended without an order and were replaced.',
    ({ workerDeaths }) => workerDeaths,
  ),
  one(
    'gauge',
    'millrace_start_time_seconds',
    'When it began to serve, in seconds since 1970.',
    ({ startedAt }) => (startedAt === undefined ? undefined : Date.parse(startedAt) / 1000),
  ),
  one(
    'gauge',
    'millrace_config_loaded_time_seconds',
    'When the config was taken up, in seconds since 1970.',
    ({ config }) => Date.parse(config.loadedAt) / 1000,
  ),
  one('counter', 'millrace_reloads_total', 'Reloads that were taken up.', ({ config }) => config.reloads),
  one(
    'counter',
    'millrace_reloads_failed_total',
    'Reloads that changed nothing because something was wrong.',
    ({ config }) => config.failedReloads,
  ),
  one(
    'counter',
    'millrace_process_cpu_seconds_total',
    'CPU time of all processes, those that are gone included; user and system.',
    ({ cpuSeconds }) => cpuSeconds,
  ),
  one('gauge', 'millrace_process_resident_memory_bytes', 'Resident memory of all processes.', (status) =>
    sumOf(status, ({ residentBytes }) => residentBytes),
  ),
  one('gauge', 'millrace_process_heap_bytes', 'JavaScript heap in use of all processes.', (status) =>
    sumOf(status, ({ heapBytes }) => heapBytes),
  ),
  one('gauge', 'millrace_process_open_fds', 'Open file descriptors of the process that has most.', (status) =>
    worstOf(status, ({ openFds }) => openFds),
  ),
  one('gauge', 'millrace_process_max_fds', 'How many file descriptors one process may have.', (status) =>
    worstOf(status, ({ mostFds }) => mostFds),
  ),
  {
    name: 'millrace_event_loop_delay_seconds',
    type: 'histogram',
    help: 'How late the timer that looks after connections runs, in every process that has any. It is due once a second, or more often where a timeout is shorter than 4 s.',
    labels: [],
    samples: ({ eventLoopDelaySeconds: value }) => (value === undefined ? [] : [{ value }]),
  },
]
