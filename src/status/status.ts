/**
 * The one description of what `status()` returns, field by field. src/observe/status.ts names the types that
 * follow from it. Pure.
 */
import { BAN, BANS } from './bans.js'
import { CERTIFICATE } from './certificates.js'
import { CLUSTER } from './cluster.js'
import { CONNECTIONS, TRAFFIC } from './common.js'
import { KERNEL, PIPES, RECORDS, SYSLOG } from './data-path.js'
import {
  choice,
  commonCount,
  count,
  each,
  earliest,
  finding,
  gauge,
  highest,
  histogram,
  keyOfParts,
  latest,
  lowest,
  metric,
  numberKey,
  optional,
  part,
  past,
  running,
  setting,
  tally,
  texts,
  things,
} from './kinds.js'
import { LIMIT, LIMIT_REFUSAL } from './limits.js'
import { LIST } from './list.js'
import { ENDING, LISTENER } from './listener.js'
import { NAME } from './names.js'
import { RATE } from './rates.js'

export const PROCESS = {
  pid: numberKey(),
  /** CPU time used so far. */
  cpuSeconds: count('seconds'),
  /** Undefined: it cannot be read, for instance because the process has no file descriptor left. */
  residentBytes: optional(
    gauge('bytes', metric('millrace_process_resident_memory_bytes', 'Resident memory of all processes.')),
  ),
  heapBytes: gauge(
    'bytes',
    metric('millrace_process_heap_bytes', 'JavaScript heap in use of all processes.'),
  ),
  /** Undefined: the platform does not tell. */
  openFds: optional(
    highest(
      'file descriptors',
      metric('millrace_process_open_fds', 'Open file descriptors of the process that has the most.'),
    ),
  ),
  mostFds: optional(
    highest(
      'file descriptors',
      metric('millrace_process_max_fds', 'How many file descriptors one process may have.'),
    ),
  ),
  /** Connections that it can have, as follows from `mostFds`. Undefined: the platform does not tell. */
  mostConnections: optional(
    lowest(
      'connections',
      metric(
        'millrace_process_max_connections',
        'How many connections the file descriptors of one process are enough for.',
      ),
    ),
  ),
}

/** A drain that runs. */
export const DRAIN = {
  /** One of `listener`, `cluster`, and `cluster` with `backend`. None: everything. */
  scope: keyOfParts(['listener', 'cluster', 'backend']),
  /** Connections that have not ended. */
  left: gauge('connections'),
  /** Undefined: no deadline. */
  deadlineAt: optional(earliest()),
}

export const CONFIG = {
  /** When the last config was loaded. */
  loadedAt: latest(
    metric(
      'millrace_config_loaded_time_seconds',
      'When the present config was loaded, in seconds since 1970.',
    ),
  ),
  reloads: commonCount('reloads', metric('millrace_reloads_total', 'Reloads that succeeded.')),
  /** Reloads that changed nothing because something was wrong. */
  failedReloads: commonCount(
    'reloads',
    metric('millrace_reloads_failed_total', 'Reloads that changed nothing because something was wrong.'),
  ),
  /** Changes at run time that hold, and that the config file did not have when it was read last. */
  changes: gauge(
    'changes',
    metric(
      'millrace_config_changes',
      'Changes at run time that hold, and that the config file did not have when it was read last.',
    ),
  ),
  /** Changes at run time that do not fit the config file. */
  changesWithoutEffect: gauge(
    'changes',
    metric(
      'millrace_config_changes_without_effect',
      'Changes at run time that have no effect, because they do not fit the config file.',
    ),
  ),
}

/** The process that served before an upgrade. */
export const PREDECESSOR = {
  pid: numberKey(),
  /** Connections that it still has. */
  connections: gauge(
    'connections',
    metric(
      'millrace_predecessor_connections',
      'Connections that the process before an upgrade still has. They are in no other gauge.',
    ),
  ),
}

export const STATUS = {
  state: choice(['stopped', 'new', 'draining', 'running'], { whenGone: 'running' }),
  version: setting(),
  /** Undefined: it has not begun to serve. */
  startedAt: optional(
    earliest(metric('millrace_start_time_seconds', 'When millrace began to serve, in seconds since 1970.')),
  ),
  /** Processes that these figures come from. */
  workers: gauge('processes', metric('millrace_workers', 'Processes that serve.')),
  /** Processes that the config asks for. */
  workersWanted: gauge('processes', metric('millrace_workers_wanted', 'Processes that the config asks for.')),
  /** Workers that do not answer. Their figures are their last ones. */
  workersSilent: gauge(
    'processes',
    metric('millrace_workers_silent', 'Workers that do not answer. Their figures are their last ones.'),
  ),
  /** Workers that ended without an order. Their counts stay in these figures. */
  workerDeaths: count(
    'processes',
    metric('millrace_worker_deaths_total', 'Workers that ended without an order and were replaced.'),
  ),
  /**
   * Settings that are not the same in all workers, such as `listeners.web`, `backends.db/10.0.0.5:5432` or
   * `logLevel`.
   */
  workersDiffer: texts(
    metric('millrace_workers_differing', 'Settings that are not the same in all workers.'),
  ),
  /** CPU time of all processes so far, including those that are gone. */
  cpuSeconds: count(
    'seconds',
    metric(
      'millrace_process_cpu_seconds_total',
      'CPU time of all processes, user and system. Processes that are gone are included.',
    ),
  ),
  /**
   * How late the timer ran that looks after connections, in every process that has connections. It is due
   * once a second, or more often if a timeout is shorter than 4 s. Undefined: it is not measured.
   */
  eventLoopDelaySeconds: optional(
    histogram(
      metric(
        'millrace_event_loop_delay_seconds',
        'How late the timer ran that looks after connections, in every process that has connections. It is due once a second, or more often if a timeout is shorter than 4 s.',
      ),
    ),
  ),
  /** `kernel`: our own file descriptors and splice(2). `stream`: node:net. */
  engine: choice(['stream', 'kernel']),
  /** Why this process does not splice. Undefined: it splices. */
  notSplicing: optional(finding()),
  /** Its counts are in the figures of this process. Undefined: there was no upgrade, or its last connection has ended. */
  predecessor: optional(part(PREDECESSOR)),
  logLevel: setting(),
  /** Undefined: stdout, or the logger of a library user. */
  logFile: optional(setting()),
  /** In the order of the config, then those that are leaving. */
  listeners: things(LISTENER, { past: 'pastListeners', label: 'listener' }),
  clusters: things(CLUSTER, { past: 'pastClusters', label: 'cluster' }),
  /** Those that were once in a config and have no connection left. Only their counts have a meaning. */
  pastListeners: past(LISTENER),
  pastClusters: past(CLUSTER),
  connections: part({ ...CONNECTIONS, ...TRAFFIC }),
  endings: tally(ENDING),
  /** The scopes with `maxConnections` or `newPerSecond`. */
  limits: running(LIMIT),
  /** The clients that limits turned away, since one of them did so for the first time. */
  limitRefusals: tally(LIMIT_REFUSAL),
  drains: running(DRAIN),
  bans: part(BANS),
  /** The bans that have turned away the most clients. */
  topBans: running(BAN),
  /** The names of backends. Backends with IP addresses have none. */
  names: running(NAME),
  /** The files of lists and maps. */
  lists: running(LIST),
  /** The certificates that clients are shown. */
  certificates: running(CERTIFICATE),
  /** Rates of bytes that connections share. */
  rates: tally(RATE),
  pipes: part(PIPES),
  /** The kernel path of this thread. Undefined on the stream engine. */
  kernel: optional(part(KERNEL)),
  records: part(RECORDS),
  /** Undefined: the log does not go to syslog. */
  syslog: optional(part(SYSLOG)),
  config: part(CONFIG),
  processes: each(PROCESS),
  /** What this platform or build cannot do. */
  unavailable: texts(),
}
