/**
 * The proxy's counts: what has ended, per listener, cluster, backend and altogether, and the status made of it. What
 * still runs is summed up when somebody asks, in one pass. A listener is its name: connections are counted under the
 * one they were accepted with, whatever has become of its address since. What is counted never falls over a reload.
 */
import { formatAddress } from '../address.js'
import type { Backend } from '../cluster/backend.js'
import type { Cluster } from '../cluster/cluster.js'
import { forgetLongestGone } from '../cluster/left.js'
import type { Connection } from '../connection/connection.js'
import type { Service } from '../connection/service.js'
import { ListenerMeter } from '../observe/listener-meter.js'
import { BackendMeter, ClusterMeter, Meters, RunningTraffic, TotalsMeter } from '../observe/meters.js'
import type { RecordEnding } from '../observe/record.js'
import type { BackendReport, ClusterReport, ListenerReport, ProxyStatus } from '../observe/status.js'
import type { PipeTotals } from '../pipe/options.js'
import type { Counters } from '../status/fields.js'
import type { LISTENER } from '../status/listener.js'
import type { Clusters } from './clusters.js'
import { expectedErrors } from './expected-errors.js'

type Counted = Pick<
  ProxyStatus,
  'connections' | 'listeners' | 'pastListeners' | 'clusters' | 'pastClusters' | 'endings'
>

export class ProxyCounters {
  readonly #all = new TotalsMeter()
  /** By name, those in the config last. */
  readonly #listeners = new Map<string, ListenerMeter>()
  /** Names in the present config, in its order. */
  #present: readonly string[] = []
  readonly #clusters = new Meters<Cluster, ClusterMeter>(() => new ClusterMeter())
  readonly #backends = new Meters<Backend, BackendMeter>(() => new BackendMeter())

  /** The services of another config. */
  takeUp(services: Iterable<Service>, clusters: Clusters, running: readonly Connection[]): void {
    const present = Array.from(services, (service) => [service, this.#listenerOf(service)] as const)
    this.#present = present.map(([{ name }]) => name)
    for (const name of this.#present) this.#listeners.delete(name)
    const inUse = new Set(running.map(({ service }) => service.name))
    forgetLongestGone(this.#listeners, (_, name) => inUse.has(name))
    for (const [service, meter] of present) {
      this.#listeners.set(service.name, meter)
      meter.listener = service.listener
      for (const [cluster, ending] of expectedErrors(service)) meter.expect(cluster, ending)
    }
    const isKnown = (cluster: string): boolean => clusters.get(cluster) !== undefined
    for (const meter of this.#listeners.values()) meter.forgetClusters(isKnown)
  }

  /** Whether a listener of this name is, or was lately, in the config. */
  knows(listener: string): boolean {
    return this.#listeners.has(listener)
  }

  /** The counters of a listener, for whoever sees something that the status has a count for. */
  countsOf(service: Service): Counters<typeof LISTENER> {
    return this.#listenerOf(service).counts
  }

  connected(connection: Connection): void {
    const seconds = connection.connectMicros! / 1e6
    this.#clusterOf(connection)?.connectSeconds.observe(seconds)
    this.#backendOf(connection)?.connectSeconds.observe(seconds)
  }

  answered(connection: Connection): void {
    const seconds = connection.firstByteMicros! / 1e6
    this.#clusterOf(connection)?.firstByteSeconds.observe(seconds)
    this.#backendOf(connection)?.firstByteSeconds.observe(seconds)
  }

  /** A connection is over; these are its last totals. */
  ended(connection: Connection, ending: RecordEnding, totals: PipeTotals): void {
    const { service, retries } = connection
    const { notSplicing, bytesUp, bytesDown, splicedUp, splicedDown } = totals
    const listener = this.#listenerOf(service)
    this.#all.counts.ended++
    this.#all.add(totals)
    listener.counts.ended++
    listener.add(totals)
    listener.finished(connection.cluster ?? '', ending)
    listener.seconds.observe(connection.ageMs / 1000)
    const copied = bytesUp + bytesDown - splicedUp - splicedDown
    if (notSplicing !== undefined && copied > 0) listener.copied(notSplicing, copied)
    countErrors(listener, connection, ending)
    const cluster = this.#clusterOf(connection)
    if (cluster !== undefined) {
      cluster.counts.ended++
      cluster.counts.retries += retries
      cluster.add(totals)
    }
    this.#backendOf(connection)?.add(totals)
  }

  /** The counted part of a status. */
  report(running: readonly Connection[], clusters: Clusters): Counted {
    const sums = this.#sumUp(running)
    const present = new Set(this.#present)
    const gone = [...this.#listeners.keys()].filter((name) => !present.has(name))
    const [leaving, past] = split(
      gone.map((name) => this.#ofListener(name, sums, true)),
      ({ active }) => active > 0,
    )
    const [leavingClusters, pastClusters] = split(
      clusters.left.map((cluster) => this.#ofCluster(cluster, sums, true)),
      ({ active }) => active > 0,
    )
    return {
      connections: { active: sums.count(this.#all), ...this.#all.counts, ...sums.with(this.#all) },
      listeners: [...this.#present.map((name) => this.#ofListener(name, sums, false)), ...leaving],
      pastListeners: past,
      clusters: [
        ...clusters.present.map((cluster) => this.#ofCluster(cluster, sums, false)),
        ...leavingClusters,
      ],
      pastClusters,
      endings: Array.from(this.#listeners, ([name, meter]) => meter.endings(name)).flat(),
    }
  }

  /** A client may come to a listener that is being taken up. */
  #listenerOf({ name, listener }: Service): ListenerMeter {
    const known = this.#listeners.get(name)
    if (known !== undefined) return known
    const meter = new ListenerMeter(listener)
    this.#listeners.set(name, meter)
    return meter
  }

  /** Undefined where no cluster was chosen. */
  #clusterOf({ cluster, service }: Connection): ClusterMeter | undefined {
    const destination = cluster === undefined ? undefined : service.destinations.get(cluster)
    return destination && this.#clusters.of(destination.cluster)
  }

  #backendOf({ backend }: Connection): BackendMeter | undefined {
    return backend && this.#backends.of(backend)
  }

  #sumUp(running: readonly Connection[]): RunningTraffic {
    const sums = new RunningTraffic()
    for (const connection of running) {
      const { totals } = connection
      const cluster = this.#clusterOf(connection)
      const backend = this.#backendOf(connection)
      sums.add(this.#all, totals)
      sums.add(this.#listenerOf(connection.service), totals)
      if (cluster !== undefined) sums.add(cluster, totals)
      if (backend !== undefined) sums.add(backend, totals)
    }
    return sums
  }

  #ofListener(name: string, sums: RunningTraffic, isLeaving: boolean): ListenerReport {
    const meter = this.#listeners.get(name)!
    const { listener } = meter
    return {
      name,
      address: formatAddress(listener.address),
      isListening: listener.isListening && !isLeaving,
      isLeaving,
      active: sums.count(meter),
      ...meter.counts,
      traffic: sums.with(meter),
      seconds: meter.seconds.status(),
      notSpliced: meter.notSpliced(),
      pipeErrors: meter.pipeErrors(),
    }
  }

  #ofCluster(cluster: Cluster, sums: RunningTraffic, isLeaving: boolean): ClusterReport {
    const meter = this.#clusters.of(cluster)
    const present = isLeaving ? [] : cluster.backends
    const gone = isLeaving ? [...cluster.backends, ...cluster.left] : cluster.left
    const [leaving, pastBackends] = split(
      gone.map((backend) => this.#ofBackend(backend, sums, true)),
      (backend) => backend.active > 0,
    )
    return {
      name: cluster.name,
      isLeaving,
      traffic: sums.with(meter),
      active: sums.count(meter),
      ...meter.counts,
      connectSeconds: meter.connectSeconds.status(),
      firstByteSeconds: meter.firstByteSeconds.status(),
      backends: [...present.map((backend) => this.#ofBackend(backend, sums, false)), ...leaving],
      pastBackends,
    }
  }

  #ofBackend(backend: Backend, sums: RunningTraffic, isLeaving: boolean): BackendReport {
    const meter = this.#backends.of(backend)
    return {
      ...backend.status(performance.now()),
      isLeaving,
      traffic: sums.with(meter),
      connectSeconds: meter.connectSeconds.status(),
      firstByteSeconds: meter.firstByteSeconds.status(),
    }
  }
}

/** What broke, on either side; without a pipe only what ended it is known. */
function countErrors(
  listener: ListenerMeter,
  { pipe }: Connection,
  { by, cause, errno }: RecordEnding,
): void {
  if (pipe === undefined) {
    if (cause === 'reset' && by !== 'proxy') listener.broke(by, errno ?? '')
    return
  }
  if (pipe.client.error !== undefined) listener.broke('client', pipe.client.error)
  if (pipe.backend.error !== undefined) listener.broke('backend', pipe.backend.error)
}

function split<Item>(items: readonly Item[], isFirst: (item: Item) => boolean): [Item[], Item[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))]
}
