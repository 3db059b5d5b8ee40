/**
 * Several workers' statuses as one. Pure. What is counted is added up; what can only be one thing is the worst of them.
 */
import type { BackendStatus } from '../cluster/backend.js'
import { addHistograms } from './histogram.js'
import type {
  BackendReport,
  ClusterReport,
  DrainStatus,
  EndingCount,
  HistogramStatus,
  ListenerReport,
  NotSplicedCount,
  PipeErrorCount,
  ProxyStatus,
} from './status.js'

const STATES = ['stopped', 'new', 'draining', 'running'] as const
const SETTINGS: readonly BackendStatus['setTo'][] = ['up', 'drain', 'down']
const BACKEND_STATES: readonly BackendStatus['state'][] = ['up', 'down', 'unresolved']

/** @throws RangeError where there is none. */
export function mergeStatuses(statuses: readonly ProxyStatus[]): ProxyStatus {
  const [first] = statuses
  if (first === undefined) throw new RangeError('there is no status to merge')
  const all = <Key extends keyof ProxyStatus>(key: Key): ProxyStatus[Key][] =>
    statuses.map((status) => status[key])
  return {
    ...first,
    state: STATES.find((state) => all('state').includes(state))!,
    startedAt: all('startedAt').reduce(earlier),
    workers: sum(all('workers')),
    workersWanted: sum(all('workersWanted')),
    workersSilent: sum(all('workersSilent')),
    workerDeaths: sum(all('workerDeaths')),
    workersDiffer: [...new Set(all('workersDiffer').flat())],
    cpuSeconds: sum(all('cpuSeconds')),
    eventLoopDelaySeconds: addAny(all('eventLoopDelaySeconds').flatMap((each) => each ?? [])),
    engine: all('engine').find((engine) => engine === 'stream') ?? 'kernel',
    notSplicing: all('notSplicing').find((reason) => reason !== undefined),
    ...foldListeners(all('listeners').flat(), all('pastListeners').flat()),
    ...foldClusters(all('clusters').flat(), all('pastClusters').flat()),
    connections: addUp(all('connections')),
    endings: byName(all('endings').flat(), endingKey, (endings) => ({
      ...endings[0]!,
      count: total(endings, 'count'),
    })),
    drains: byName(all('drains').flat(), ({ scope }) => JSON.stringify(scope), mergeDrains),
    pipes: addUp(all('pipes')),
    kernel: first.kernel && addUp(all('kernel').flatMap((kernel) => kernel ?? [])),
    records: addUp(all('records')),
    config: {
      loadedAt: all('config')
        .map(({ loadedAt }) => loadedAt)
        .reduce((a, b) => (a > b ? a : b)),
      reloads: Math.max(...all('config').map(({ reloads }) => reloads)),
      failedReloads: Math.max(...all('config').map(({ failedReloads }) => failedReloads)),
    },
    processes: all('processes').flat(),
    unavailable: [...new Set(all('unavailable').flat())],
  }
}

function foldListeners(present: readonly ListenerReport[], past: readonly ListenerReport[]) {
  const [listeners, pastListeners] = fold(present, past, ({ name }) => name, mergeListeners)
  return { listeners, pastListeners }
}

function mergeListeners(listeners: readonly ListenerReport[]): ListenerReport {
  return {
    ...listeners[0]!,
    isListening: listeners.some(({ isListening }) => isListening),
    isLeaving: listeners.every(({ isLeaving }) => isLeaving),
    active: total(listeners, 'active'),
    accepted: total(listeners, 'accepted'),
    acceptPauses: total(listeners, 'acceptPauses'),
    traffic: addUp(listeners.map(({ traffic }) => traffic)),
    ended: total(listeners, 'ended'),
    seconds: addHistograms(listeners.map(({ seconds }) => seconds)),
    notSpliced: byName(
      listeners.flatMap(({ notSpliced }) => notSpliced),
      ({ reason }) => reason,
      mergeNotSpliced,
    ),
    pipeErrors: byName(
      listeners.flatMap(({ pipeErrors }) => pipeErrors),
      errorKey,
      mergePipeErrors,
    ),
  }
}

const mergeNotSpliced = (same: readonly NotSplicedCount[]): NotSplicedCount => ({
  ...same[0]!,
  connections: total(same, 'connections'),
  bytes: total(same, 'bytes'),
})

const mergePipeErrors = (same: readonly PipeErrorCount[]): PipeErrorCount => ({
  ...same[0]!,
  count: total(same, 'count'),
})

function foldClusters(present: readonly ClusterReport[], past: readonly ClusterReport[]) {
  const [clusters, pastClusters] = fold(present, past, ({ name }) => name, mergeClusters)
  return { clusters, pastClusters }
}

function mergeClusters(clusters: readonly ClusterReport[]): ClusterReport {
  const [backends, pastBackends] = fold(
    clusters.flatMap((cluster) => cluster.backends),
    clusters.flatMap((cluster) => cluster.pastBackends),
    ({ address }) => address,
    mergeBackends,
  )
  return {
    name: clusters[0]!.name,
    isLeaving: clusters.every(({ isLeaving }) => isLeaving),
    traffic: addUp(clusters.map(({ traffic }) => traffic)),
    active: total(clusters, 'active'),
    ended: total(clusters, 'ended'),
    retries: total(clusters, 'retries'),
    connectSeconds: addHistograms(clusters.map(({ connectSeconds }) => connectSeconds)),
    firstByteSeconds: addHistograms(clusters.map(({ firstByteSeconds }) => firstByteSeconds)),
    backends,
    pastBackends,
  }
}

/**
 * Each worker finds out for itself: a backend is up as long as one of them gets through. And should they be set
 * differently, it is as much in use as one of them has it. Who has it no more in its config finds nothing out: only its
 * counts are of interest.
 */
function mergeBackends(backends: readonly BackendReport[]): BackendReport {
  const present = backends.filter(({ isLeaving }) => !isLeaving)
  const asked = present.length > 0 ? present : backends
  return {
    ...asked[0]!,
    weight: Math.max(...asked.map(({ weight }) => weight)),
    setTo: SETTINGS.find((setting) => asked.some(({ setTo }) => setTo === setting))!,
    state: BACKEND_STATES.find((state) => asked.some((backend) => backend.state === state))!,
    restingMs: Math.min(...asked.map(({ restingMs }) => restingMs)),
    resolved: [...new Set(asked.flatMap(({ resolved }) => resolved))],
    active: total(backends, 'active'),
    connections: total(backends, 'connections'),
    failures: total(backends, 'failures'),
    lastError: asked.find(({ lastError }) => lastError !== undefined)?.lastError,
    traffic: addUp(backends.map(({ traffic }) => traffic)),
    connectSeconds: addHistograms(backends.map(({ connectSeconds }) => connectSeconds)),
    firstByteSeconds: addHistograms(backends.map(({ firstByteSeconds }) => firstByteSeconds)),
  }
}

function mergeDrains(drains: readonly DrainStatus[]): DrainStatus {
  const { scope } = drains[0]!
  const deadlineAt = drains.map((drain) => drain.deadlineAt).reduce(earlier)
  return { scope, left: total(drains, 'left'), deadlineAt }
}

/** What one worker has left behind may still be present in another: then it is present. */
function fold<Item>(
  present: readonly Item[],
  past: readonly Item[],
  keyOf: (item: Item) => string,
  merge: (same: readonly Item[]) => Item,
): [present: Item[], past: Item[]] {
  const keys = new Set(present.map(keyOf))
  const all = byName([...present, ...past], keyOf, merge)
  return [all.filter((item) => keys.has(keyOf(item))), all.filter((item) => !keys.has(keyOf(item)))]
}

/** In the order of the first that has it. */
function byName<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
  merge: (same: readonly Item[]) => Item,
): Item[] {
  const groups = new Map<string, Item[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return Array.from(groups.values(), merge)
}

/** Records of nothing but numbers. */
function addUp<Counts extends object>(counts: readonly Counts[]): Counts {
  const sums: Record<string, number> = {}
  for (const each of counts) {
    for (const [key, value] of Object.entries(each)) sums[key] = (sums[key] ?? 0) + Number(value)
  }
  return sums as unknown as Counts
}

const addAny = (histograms: readonly HistogramStatus[]): HistogramStatus | undefined =>
  histograms.length === 0 ? undefined : addHistograms(histograms)

const endingKey = ({ listener, cluster, by, phase, cause }: EndingCount): string =>
  [listener, cluster, by, phase, cause].join('\0')

const errorKey = ({ side, errno }: PipeErrorCount): string => `${side} ${errno}`

const earlier = (a: string | undefined, b: string | undefined): string | undefined =>
  a === undefined || (b !== undefined && b < a) ? b : a

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)

function total<Key extends string>(items: readonly { readonly [name in Key]: number }[], key: Key): number {
  return sum(items.map((item) => item[key]))
}
