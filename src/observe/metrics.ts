/**
 * A status as Prometheus reads it. Pure: one table, in which every metric has its name, its meaning and where it comes
 * from. docs/metrics.md tells the same.
 */
import { exposition, type Family, type Sample } from './exposition.js'
import type { BackendReport, ClusterReport, ProxyStatus, Traffic } from './status.js'

/** A family and how its samples are found in a status. */
export interface Metric extends Omit<Family, 'samples'> {
  readonly labels: readonly string[]
  samples(status: ProxyStatus): readonly Sample[]
}

export function renderMetrics(status: ProxyStatus): string {
  return exposition(
    METRICS.map(({ name, type, help, samples }) => ({ name, type, help, samples: samples(status) })),
  )
}

type Value = number | undefined
type Source<Thing> = (thing: Thing) => Value

/** Of the whole process. */
function one(type: 'counter' | 'gauge', name: string, help: string, value: Source<ProxyStatus>): Metric {
  return { name, type, help, labels: [], samples: (status) => known(value(status)) }
}

function perListener(
  type: 'counter' | 'gauge',
  name: string,
  help: string,
  value: Source<ProxyStatus['listeners'][number]>,
): Metric {
  return {
    name,
    type,
    help,
    labels: ['listener'],
    samples: ({ listeners }) =>
      listeners.flatMap((listener) => known(value(listener), { listener: listener.name })),
  }
}

function perCluster(
  type: 'counter' | 'gauge',
  name: string,
  help: string,
  value: Source<ClusterReport>,
): Metric {
  return {
    name,
    type,
    help,
    labels: ['cluster'],
    samples: ({ clusters }) =>
      clusters.flatMap((cluster) => known(value(cluster), { cluster: cluster.name })),
  }
}

function perBackend(
  type: 'counter' | 'gauge',
  name: string,
  help: string,
  value: Source<BackendReport>,
): Metric {
  return {
    name,
    type,
    help,
    labels: ['cluster', 'backend'],
    samples: (status) =>
      backendsOf(status).flatMap(({ cluster, backend }) =>
        known(value(backend), { cluster, backend: backend.address }),
      ),
  }
}

const known = (value: Value, labels?: Sample['labels']): Sample[] =>
  value === undefined ? [] : [labels === undefined ? { value } : { labels, value }]

const backendsOf = ({ clusters }: ProxyStatus) =>
  clusters.flatMap(({ name, backends }) => backends.map((backend) => ({ cluster: name, backend })))

/** Up is client to backend; how: whether the bytes ever entered this process. */
function bytesOf(traffic: Traffic, labels: Sample['labels']): Sample[] {
  const { bytesUp, bytesDown, splicedUp, splicedDown } = traffic
  return [
    { labels: { ...labels, direction: 'up', how: 'spliced' }, value: splicedUp },
    { labels: { ...labels, direction: 'up', how: 'copied' }, value: bytesUp - splicedUp },
    { labels: { ...labels, direction: 'down', how: 'spliced' }, value: splicedDown },
    { labels: { ...labels, direction: 'down', how: 'copied' }, value: bytesDown - splicedDown },
  ]
}

const seconds = (ms: Value): Value => (ms === undefined ? undefined : ms / 1000)

const sumOf = (status: ProxyStatus, value: Source<ProxyStatus['processes'][number]>): Value => {
  const values = status.processes.map(value).filter((each) => each !== undefined)
  return values.length === 0 ? undefined : values.reduce((sum, each) => sum + each, 0)
}

const worstOf = (status: ProxyStatus, value: Source<ProxyStatus['processes'][number]>): Value => {
  const values = status.processes.map(value).filter((each) => each !== undefined)
  return values.length === 0 ? undefined : Math.max(...values)
}

const PROCESS: readonly Metric[] = [
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
    'CPU time of all processes, user and system.',
    (status) => sumOf(status, ({ cpuSeconds }) => cpuSeconds),
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
  one(
    'gauge',
    'millrace_event_loop_delay_p50_seconds',
    'Median delay of the event loop since the last look, of the worst process.',
    (status) => seconds(worstOf(status, ({ eventLoopDelayMs }) => eventLoopDelayMs?.p50)),
  ),
  one('gauge', 'millrace_event_loop_delay_p99_seconds', 'The 99th percentile of the same.', (status) =>
    seconds(worstOf(status, ({ eventLoopDelayMs }) => eventLoopDelayMs?.p99)),
  ),
  one('gauge', 'millrace_event_loop_delay_max_seconds', 'The largest of the same.', (status) =>
    seconds(worstOf(status, ({ eventLoopDelayMs }) => eventLoopDelayMs?.max)),
  ),
]

const LISTENERS: readonly Metric[] = [
  perListener(
    'gauge',
    'millrace_listener_up',
    '1 where it accepts, 0 where it does not.',
    ({ isListening }) => Number(isListening),
  ),
  perListener(
    'gauge',
    'millrace_listener_connections',
    'Connections that are not over yet.',
    ({ active }) => active,
  ),
  perListener(
    'counter',
    'millrace_listener_accepted_total',
    'Connections accepted.',
    ({ accepted }) => accepted,
  ),
  perListener(
    'counter',
    'millrace_listener_accept_pauses_total',
    'Times accepting paused because the system was out of file descriptors or memory.',
    ({ acceptPauses }) => acceptPauses,
  ),
  {
    name: 'millrace_listener_bytes_total',
    type: 'counter',
    help: 'Bytes forwarded; up is client to backend.',
    labels: ['listener', 'direction', 'how'],
    samples: ({ listeners }) =>
      listeners.flatMap(({ name, traffic }) => bytesOf(traffic, { listener: name })),
  },
  {
    name: 'millrace_connections_ended_total',
    type: 'counter',
    help: 'Connections that are over, by whose doing, when and why.',
    labels: ['listener', 'by', 'phase', 'cause'],
    samples: ({ endings }) =>
      endings.map(({ listener, by, phase, cause, count }) => ({
        labels: { listener, by, phase, cause },
        value: count,
      })),
  },
  {
    name: 'millrace_connection_seconds',
    type: 'histogram',
    help: 'From accept to end.',
    labels: ['listener'],
    samples: ({ listeners }) =>
      listeners.map(({ name, seconds: value }) => ({ labels: { listener: name }, value })),
  },
]

const CLUSTERS: readonly Metric[] = [
  perCluster(
    'gauge',
    'millrace_cluster_connections',
    'Connections that are not over yet.',
    ({ active }) => active,
  ),
  perCluster(
    'counter',
    'millrace_cluster_connections_ended_total',
    'Connections that are over.',
    ({ ended }) => ended,
  ),
  perCluster(
    'counter',
    'millrace_cluster_retries_total',
    'Connects after one that failed.',
    ({ retries }) => retries,
  ),
  {
    name: 'millrace_cluster_bytes_total',
    type: 'counter',
    help: 'Bytes forwarded; up is client to backend.',
    labels: ['cluster', 'direction', 'how'],
    samples: ({ clusters }) => clusters.flatMap(({ name, traffic }) => bytesOf(traffic, { cluster: name })),
  },
  {
    name: 'millrace_connect_seconds',
    type: 'histogram',
    help: 'From accept to a connected backend.',
    labels: ['cluster'],
    samples: ({ clusters }) =>
      clusters.map(({ name, connectSeconds }) => ({ labels: { cluster: name }, value: connectSeconds })),
  },
  {
    name: 'millrace_first_byte_seconds',
    type: 'histogram',
    help: "From a connected backend to that backend's first byte.",
    labels: ['cluster'],
    samples: ({ clusters }) =>
      clusters.map(({ name, firstByteSeconds }) => ({ labels: { cluster: name }, value: firstByteSeconds })),
  },
]

const BACKENDS: readonly Metric[] = [
  perBackend(
    'gauge',
    'millrace_backend_up',
    '1 where the last connects succeeded, 0 where it rests or has no address.',
    ({ state }) => Number(state === 'up'),
  ),
  perBackend(
    'gauge',
    'millrace_backend_in_use',
    '1 where it may get new connections, 0 where an operator has taken it out.',
    ({ setTo, weight }) => Number(setTo === 'up' && weight > 0),
  ),
  perBackend(
    'gauge',
    'millrace_backend_weight',
    'Its share beside the others of its cluster.',
    ({ weight }) => weight,
  ),
  perBackend('gauge', 'millrace_backend_connections', 'Connections in use.', ({ active }) => active),
  perBackend(
    'counter',
    'millrace_backend_connects_total',
    'Connects that succeeded.',
    ({ connections }) => connections,
  ),
  perBackend(
    'counter',
    'millrace_backend_connects_failed_total',
    "Connects that failed by the backend's fault.",
    ({ failures }) => failures,
  ),
  {
    name: 'millrace_backend_bytes_total',
    type: 'counter',
    help: 'Bytes forwarded; up is client to backend.',
    labels: ['cluster', 'backend', 'direction', 'how'],
    samples: (status) =>
      backendsOf(status).flatMap(({ cluster, backend }) =>
        bytesOf(backend.traffic, { cluster, backend: backend.address }),
      ),
  },
]

const DATA_PATH: readonly Metric[] = [
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
    'Times a direction copied because no kernel pipe could be had.',
    ({ pipes }) => pipes.pipesRefused,
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
    'Kernel pipes that kept a smaller size than was asked for.',
    ({ kernel }) => kernel?.pipesDowngraded,
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

export const METRICS: readonly Metric[] = [...PROCESS, ...LISTENERS, ...CLUSTERS, ...BACKENDS, ...DATA_PATH]
