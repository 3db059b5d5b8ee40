/**
 * The proxy's counts: what has ended, by listener, cluster, backend and altogether, and the status made from
 * them. It adds up running connections when somebody asks, in one pass. It knows listeners by name: a
 * connection counts under the name with which it was accepted, whatever happened to the address since. No
 * count falls at a reload.
 */
import { formatAddress } from '../../address.js'
import type { Backend } from '../../cluster/backend.js'
import type { Cluster } from '../../cluster/cluster.js'
import { forgetLongestGone } from '../../cluster/left.js'
import type { Connection } from '../../connection/connection.js'
import type { Service } from '../../connection/service.js'
import { type CountedListener, ListenerMeter } from '../../observe/counts/listener-meter.js'
import {
  BackendMeter,
  ClusterMeter,
  Meters,
  RunningTraffic,
  TotalsMeter,
} from '../../observe/counts/meters.js'
import type { RecordEnding } from '../../observe/records/record.js'
import type { BackendReport, ClusterReport, ListenerReport, ProxyStatus } from '../../observe/status.js'
import { movedSince, type PipeTotals } from '../../pipe/options.js'
import type { Counters } from '../../status/fields.js'
import type { LISTENER } from '../../status/listener.js'
import type { Catalogue } from '../catalogue/catalogue.js'
import type { BackendEntry } from '../catalogue/catalogue-backends.js'
import type { Entries } from '../catalogue/catalogue-entries.js'
import type { Countable, CountedCluster, CountedClusters } from './counted.js'
import { expectedErrors, newClusters } from './expected-errors.js'

type Counted = Pick<
  ProxyStatus,
  'connections' | 'listeners' | 'pastListeners' | 'clusters' | 'pastClusters' | 'endings'
>

export class ProxyCounters {
  readonly #all = new TotalsMeter()
  /** By name. Those in the config come last. */
  readonly #listeners = new Map<string, ListenerMeter>()
  readonly #clusters = new Meters<CountedCluster, ClusterMeter>(() => new ClusterMeter())
  readonly #backends = new Meters<Backend, BackendMeter>(() => new BackendMeter())
  /** What connections had moved before they came here. The process that moved it counts it. */
  readonly #elsewhere = new WeakMap<Connection, PipeTotals>()

  #expected: Countable['config'] | undefined

  /** Takes another config: counts everything that it names, and its errors from 0 on. */
  takeUp({ config, services }: Countable, catalogue: Catalogue, clusters: CountedClusters): void {
    const listeners = [...services.keys()]
    const present = config.listeners.map(
      (each, index) => [each, this.#meterOf(each.name, listeners[index]!)] as const,
    )
    for (const [{ name }] of present) this.#listeners.delete(name)
    forgetLongestGone(this.#listeners, (_, name) => catalogue.listeners.find(name) !== undefined)
    const isNew = newClusters(this.#expected, config)
    this.#expected = config
    for (const [each, meter] of present) {
      this.#listeners.set(each.name, meter)
      for (const [cluster, ending] of expectedErrors(each, config, isNew)) meter.expect(cluster, ending)
    }
    const known = new Set([...clusters.present, ...clusters.left].map(({ name }) => name))
    for (const meter of this.#listeners.values()) meter.forgetClusters((cluster) => known.has(cluster))
  }

  /** The counters of a listener, for code that sees something which the status counts. */
  countsOf(service: Service): Counters<typeof LISTENER> {
    return this.#listenerOf(service).counts
  }

  /** A balancer of this cluster had no key to hash. */
  foundNoKey(cluster: Cluster): void {
    this.#clusters.of(cluster).counts.keyless++
  }

  /** A client of this cluster has to wait for a place. */
  queued(cluster: Cluster): void {
    this.#clusters.of(cluster).counts.waited++
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

  /** A connection of another process goes on here. */
  resumed(connection: Connection): void {
    this.#elsewhere.set(connection, connection.totals)
    this.#listenerOf(connection.service).counts.handedOver++
  }

  /** A connection goes on in another process. What it has moved here is counted here. */
  left(connection: Connection): void {
    this.#addTraffic(connection, this.#movedHere(connection))
  }

  /** A connection has ended. */
  ended(connection: Connection, ending: RecordEnding): void {
    const { service, retries } = connection
    const totals = this.#movedHere(connection)
    const { notSplicing, bytesUp, bytesDown, splicedUp, splicedDown } = totals
    const listener = this.#listenerOf(service)
    this.#all.counts.ended++
    listener.counts.ended++
    this.#addTraffic(connection, totals)
    listener.finished(connection.cluster ?? '', ending)
    listener.seconds.observe(connection.ageMs / 1000)
    const copied = bytesUp + bytesDown - splicedUp - splicedDown
    if (notSplicing !== undefined && copied > 0) listener.copied(notSplicing, copied)
    countErrors(listener, connection, ending)
    const cluster = this.#clusterOf(connection)
    if (cluster !== undefined) {
      cluster.counts.ended++
      cluster.counts.retries += retries
    }
  }

  /** The counted part of a status: of what the catalogue knows, and of what it no longer knows. */
  report(running: readonly Connection[], catalogue: Catalogue, clusters: CountedClusters): Counted {
    const sums = this.#sumUp(running)
    const present = Array.from(catalogue.listeners.given, ({ name }) => name)
    const gone = [...this.#listeners.keys()].filter((name) => catalogue.listeners.get(name) === undefined)
    const [leaving, past] = split(gone, (name) => catalogue.listeners.find(name) !== undefined)
    const [leavingClusters, pastClusters] = split(
      clusters.left,
      ({ name }) => catalogue.clusters.find(name) !== undefined,
    )
    const listener = (isLeaving: boolean) => (name: string) => this.#ofListener(name, sums, isLeaving)
    const cluster = (isLeaving: boolean) => (each: CountedCluster) =>
      this.#ofCluster(each, sums, isLeaving, catalogue.backends(each.name))
    return {
      connections: { active: sums.count(this.#all), ...this.#all.counts, ...sums.with(this.#all) },
      listeners: [...present.map(listener(false)), ...leaving.map(listener(true))],
      pastListeners: past.map(listener(true)),
      clusters: [...clusters.present.map(cluster(false)), ...leavingClusters.map(cluster(true))],
      pastClusters: pastClusters.map(cluster(true)),
      endings: Array.from(this.#listeners, ([name, meter]) => meter.endings(name)).flat(),
    }
  }

  /** The listener may belong to a config that is being loaded, and have clients already. */
  #listenerOf({ name, listener }: Service): ListenerMeter {
    return this.#listeners.get(name) ?? this.#meterOf(name, listener)
  }

  /** The meter of this name, for the listener that has the name now. */
  #meterOf(name: string, listener: CountedListener): ListenerMeter {
    const meter = this.#listeners.get(name) ?? new ListenerMeter(listener)
    meter.listener = listener
    this.#listeners.set(name, meter)
    return meter
  }

  /** Undefined: no cluster was chosen. */
  #clusterOf({ cluster, service }: Connection): ClusterMeter | undefined {
    const destination = cluster === undefined ? undefined : service.destinations.get(cluster)
    return destination && this.#clusters.of(destination.cluster)
  }

  /** Undefined: it has no backend, or no status has its backend. */
  #backendOf({ backend, hasOwnBackend }: Connection): BackendMeter | undefined {
    return hasOwnBackend ? undefined : backend && this.#backends.of(backend)
  }

  #addTraffic(connection: Connection, totals: PipeTotals): void {
    this.#all.add(totals)
    this.#listenerOf(connection.service).add(totals)
    this.#clusterOf(connection)?.add(totals)
    this.#backendOf(connection)?.add(totals)
  }

  #movedHere(connection: Connection): PipeTotals {
    const { totals } = connection
    const elsewhere = this.#elsewhere.get(connection)
    return elsewhere === undefined ? totals : movedSince(elsewhere, totals)
  }

  #sumUp(running: readonly Connection[]): RunningTraffic {
    const sums = new RunningTraffic()
    for (const connection of running) {
      const totals = this.#movedHere(connection)
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
      shortage: listener.shortage,
      isLeaving,
      active: sums.count(meter),
      ...meter.counts,
      traffic: sums.with(meter),
      seconds: meter.seconds.status(),
      notSpliced: meter.notSpliced(),
      pipeErrors: meter.pipeErrors(),
      denied: meter.denied(),
    }
  }

  #ofCluster(
    cluster: CountedCluster,
    sums: RunningTraffic,
    isLeaving: boolean,
    known: Entries<BackendEntry> | undefined,
  ): ClusterReport {
    const meter = this.#clusters.of(cluster)
    const present = isLeaving ? [] : cluster.backends
    const gone = isLeaving ? [...cluster.backends, ...cluster.left] : cluster.left
    const [leaving, past] = split(gone, ({ name }) => known?.find(name) !== undefined)
    const { queue } = cluster
    const waiting = queue?.waitingFor()
    const backend = (isLeaving: boolean) => (each: Backend) => ({
      ...this.#ofBackend(each, sums, isLeaving),
      queued: waiting?.get(each) ?? 0,
    })
    return {
      name: cluster.name,
      isLeaving,
      via: cluster.via,
      traffic: sums.with(meter),
      active: sums.count(meter),
      ...meter.counts,
      queued: queue?.length ?? 0,
      longestWaitSeconds: (queue?.longestWaitMs ?? 0) / 1000,
      holdSeconds: queue?.heldMs === undefined ? undefined : queue.heldMs / 1000,
      servingTier: cluster.servingTier,
      connectSeconds: meter.connectSeconds.status(),
      firstByteSeconds: meter.firstByteSeconds.status(),
      backends: [...present.map(backend(false)), ...leaving.map(backend(true))],
      pastBackends: past.map(backend(true)),
    }
  }

  #ofBackend(backend: Backend, sums: RunningTraffic, isLeaving: boolean): Omit<BackendReport, 'queued'> {
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

/** Counts what broke, on either side. Without a pipe only the error that ended the connection is known. */
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
