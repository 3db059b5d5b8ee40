/** Where a cluster takes its clients: the cluster with its backends, and how connections to them are carried. */
import { Cluster, type ClusterHooks } from '../../cluster/cluster.js'
import type { Dialer } from '../../cluster/dialer.js'
import type { Config } from '../../config/schema.js'
import { connectionTimeouts } from '../../config/timeouts.js'
import { pipeTimeouts } from '../../connection/destinations.js'
import type { Destination } from '../../connection/service.js'
import type { Engine } from '../../io/engine.js'
import { announceCluster } from '../../observe/log/announcements.js'
import type { Log } from '../../observe/log/log.js'
import type { PipeCounters, PipeSettings } from '../../pipe/options.js'
import { TlsOrigination } from '../../tls/tls-origination.js'
import { createForwardDialer, type Places } from '../../via/dialer.js'
import type { ForwardProxyOptions } from '../../via/forward-proxy.js'
import { planOfCluster } from '../limit-plans.js'
import type { Limiting } from '../limiting.js'
import type { LoopGuard } from '../loops/loop-guard.js'
import type { Names } from '../names.js'

/** What all clusters share. */
export interface DestinationParts {
  readonly engine: Engine
  /** Connects for clusters. */
  readonly loops: LoopGuard
  readonly counters: PipeCounters
  readonly log: Log
  /** The cluster of this name in the last config or an earlier one. Undefined: there is none. */
  knownCluster(name: string): Cluster | undefined
  readonly limiting: Pick<Limiting, 'shared'>
  /** A connection to this cluster has no key to hash. */
  readonly onNoKey: NonNullable<ClusterHooks['onNoKey']>
  /** A client of this cluster has to wait for a place. */
  readonly onQueued: NonNullable<ClusterHooks['onQueued']>
  /** What else the cluster of this name calls. */
  hooksOf(cluster: string): ClusterHooks
  readonly names: Names
  /** Every cluster calls it. */
  readonly onFound: NonNullable<ClusterHooks['onFound']>
}

export function createDestination(
  name: string,
  config: Config,
  {
    engine,
    loops,
    counters,
    log,
    knownCluster,
    onNoKey,
    onQueued,
    hooksOf,
    names,
    onFound,
    limiting,
  }: DestinationParts,
  options = config.clusters[name]!,
): Destination {
  const timeouts = connectionTimeouts(config.timeouts, options.timeouts)
  const { connectMs, responseMs, idleMs } = timeouts
  const settings: PipeSettings = {
    splice: config.splice,
    halfClose: options.halfClose,
    ...pipeTimeouts(timeouts),
  }
  const { sendProxy, startTls, tls } = options
  const announced = announceCluster(log, name)
  const followed = hooksOf(name)
  const hooks = {
    ...announced,
    ...followed,
    onMoved: both(announced.onMoved, followed.onMoved),
    onBackendDown: both(announced.onBackendDown, followed.onBackendDown),
    onBackendUp: both(announced.onBackendUp, followed.onBackendUp),
    onNoKey,
    ...(limiting.shared && { counts: limiting.shared }),
    onQueued,
    dialThrough: (proxy: ForwardProxyOptions, places: Places, direct: Dialer) =>
      createForwardDialer(engine, direct, proxy, places),
    names,
    onFound,
  }
  return {
    cluster: knownCluster(name) ?? new Cluster(name, options, loops, hooks),
    limits: planOfCluster(name, options),
    pipes: { runQueue: engine.runQueue, settings, counters },
    liveness: options.liveness,
    dialsBySni: options.dial?.server === 'sni',
    refuseAs: options.limits?.refuseAs,
    connectMs,
    preamble: { sendProxy, startTls, origination: tls && new TlsOrigination(tls), responseMs, idleMs },
  }
}

type Hook<Args extends unknown[]> = ((...args: Args) => void) | undefined

function both<Args extends unknown[]>(one: Hook<Args>, other: Hook<Args>): (...args: Args) => void {
  return (...args) => {
    one?.(...args)
    other?.(...args)
  }
}
