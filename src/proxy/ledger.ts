/**
 * The proxy's counts: what has ended, per listener, cluster, backend and altogether, and the status made of it. What
 * still runs is summed up when somebody asks.
 */
import type { Backend } from '../cluster/backend.js'
import type { Cluster } from '../cluster/cluster.js'
import type { Connection } from '../connection/connection.js'
import type { Listener } from '../listener/listener.js'
import { ClusterMeter, ListenerMeter, Meters, RunningTraffic, TrafficMeter } from '../observe/meters.js'
import type { RecordEnding } from '../observe/record.js'
import type {
  ClusterReport,
  ConnectionTotals,
  EndingCount,
  ListenerReport,
  ProxyStatus,
} from '../observe/status.js'

const ALL = {}

export class Ledger {
  readonly #all = new TrafficMeter()
  readonly #listeners = new Meters<Listener, ListenerMeter>(() => new ListenerMeter())
  readonly #clusters = new Meters<Cluster, ClusterMeter>(() => new ClusterMeter())
  readonly #backends = new Meters<Backend, TrafficMeter>(() => new TrafficMeter())

  connected(connection: Connection): void {
    this.#meterOf(connection)?.connectSeconds.observe(connection.connectMicros! / 1e6)
  }

  answered(connection: Connection): void {
    this.#meterOf(connection)?.firstByteSeconds.observe(connection.firstByteMicros! / 1e6)
  }

  /** A connection is over. */
  ended(connection: Connection, ending: RecordEnding): void {
    const { totals, backend, service, retries } = connection
    const listener = this.#listeners.of(service.listener)
    this.#all.add(totals)
    listener.add(totals)
    listener.finished(ending)
    listener.seconds.observe(connection.ageMs / 1000)
    const cluster = this.#meterOf(connection)
    if (cluster !== undefined) {
      cluster.add(totals)
      cluster.retries += retries
    }
    if (backend !== undefined) this.#backends.of(backend).add(totals)
  }

  /** Undefined where no cluster was chosen. */
  #meterOf({ cluster, service }: Connection): ClusterMeter | undefined {
    const destination = cluster === undefined ? undefined : service.destinations.get(cluster)
    return destination && this.#clusters.of(destination.cluster)
  }

  /** The counted part of a status. */
  report(
    running: readonly Connection[],
    listeners: readonly Listener[],
    clusters: readonly Cluster[],
  ): Pick<ProxyStatus, 'connections' | 'listeners' | 'clusters' | 'endings'> {
    const sums = sumUp(running)
    return {
      connections: sums.totals(this.#all, ALL),
      listeners: listeners.map((listener) => this.#ofListener(listener, sums)),
      clusters: clusters.map((cluster) => this.#ofCluster(cluster, sums)),
      endings: this.#endings(listeners),
    }
  }

  #endings(listeners: readonly Listener[]): EndingCount[] {
    return listeners.flatMap((listener) => this.#listeners.of(listener).endings(listener.options.name))
  }

  #ofListener(listener: Listener, sums: RunningTraffic): ListenerReport {
    const meter = this.#listeners.of(listener)
    return {
      ...listener.status(),
      traffic: sums.with(meter, listener),
      ended: meter.ended,
      seconds: meter.seconds.status(),
    }
  }

  #ofCluster(cluster: Cluster, sums: RunningTraffic): ClusterReport {
    const meter = this.#clusters.of(cluster)
    const { name, backends } = cluster.status()
    const { active, ended, ...traffic }: ConnectionTotals = sums.totals(meter, cluster)
    return {
      name,
      traffic,
      active,
      ended,
      retries: meter.retries,
      connectSeconds: meter.connectSeconds.status(),
      firstByteSeconds: meter.firstByteSeconds.status(),
      backends: cluster.backends.map((backend, index) => ({
        ...backends[index]!,
        traffic: sums.with(this.#backends.of(backend), backend),
      })),
    }
  }
}

function sumUp(running: readonly Connection[]): RunningTraffic {
  const sums = new RunningTraffic()
  for (const connection of running) {
    const { totals, service, cluster, backend } = connection
    sums.add(ALL, totals)
    sums.add(service.listener, totals)
    if (cluster !== undefined) sums.add(service.destinations.get(cluster)?.cluster, totals)
    sums.add(backend, totals)
  }
  return sums
}
