/** The parts of a proxy that serve: they accept clients, keep connections and reload. This file connects them. */
import type { Admission } from '../admission/admission.js'
import type { Engine } from '../io/engine.js'
import type { OpenLog } from '../observe/log/log.js'
import { Acceptor, type AcceptorOptions } from './acceptor.js'
import type { Catalogue } from './catalogue/catalogue.js'
import type { Clusters } from './clusters.js'
import type { ConnectionIds } from './connection-ids.js'
import { Connections, type ConnectionsOptions } from './connections.js'
import type { Drains } from './drains/drains.js'
import type { ProxyEvents } from './events/proxy-events.js'
import { Evictor } from './evictor.js'
import type { SharedParts } from './generations/generation.js'
import type { Generations } from './generations/generations.js'
import { Reloader } from './generations/reloader.js'
import { HandOver } from './hand-over/hand-over.js'
import { LiveConnections } from './live-connections.js'
import type { ConnectionLog } from './reporting/connection-log.js'
import { ownMost, type ProcessWatch } from './reporting/process-status.js'
import type { ProxyCounters } from './reporting/proxy-counters.js'

export interface ServingOptions {
  readonly engine: Engine
  readonly openLog: OpenLog
  readonly admission: Admission
  readonly generations: Generations
  readonly catalogue: Catalogue
  readonly clusters: Clusters
  readonly counters: ProxyCounters
  readonly connectionLog: ConnectionLog
  readonly drains: Drains
  readonly health: ConnectionsOptions['health']
  readonly watch: ProcessWatch
  readonly ids: ConnectionIds
  readonly shared: SharedParts
  /** Other processes listen on the same ports (SO_REUSEPORT). */
  readonly sharePorts: boolean
  /** Called when a connection has ended. */
  readonly ended: ConnectionsOptions['ended']
  /** Undefined: the proxy is no part of a program. */
  readonly events: ProxyEvents | undefined
  isRunning(): boolean
  /** Throws `wrong-state` if the proxy does not run. */
  readonly checkRunning: () => void
}

export interface Serving {
  readonly connections: Connections
  readonly acceptor: Acceptor
  readonly reloader: Reloader
  readonly handOver: HandOver
}

export function createServing(options: ServingOptions): Serving {
  const { engine, openLog, generations, counters, watch, sharePorts, events } = options
  const admit: AcceptorOptions['admit'] = (service, client, from) => connections.admit(service, client, from)
  const connections: Connections = new Connections({
    ...options,
    bandwidth: options.shared.limiting.bandwidth,
    recount: options.shared.limiting.recount,
    loops: options.shared.loops,
    looked: (lateMs, isLast) => {
      watch.timerRan(lateMs, isLast)
      evictor.look()
    },
    ranOut: () => evictor.ranOut(),
    began: (connection) => {
      if (events?.wants('connection') === true) events.tell('connection', live.of(connection))
    },
  })
  const live = new LiveConnections({
    ...options.shared,
    ids: options.ids,
    connections: () => connections.all(),
  })
  const evictor = new Evictor({
    engine,
    log: openLog.log,
    config: () => generations.config,
    connections: () => connections.all(),
    most: () => ownMost(generations.config)?.most,
  })
  const acceptor = new Acceptor({
    engine,
    log: openLog.log,
    generations,
    sharePorts,
    admit: events === undefined ? admit : (...client) => events.run(() => admit(...client)),
    opened: (listener) => options.shared.loops.listeners.opened(listener),
    paused: (service) => {
      counters.countsOf(service).acceptPauses++
      evictor.ranOut()
    },
  })
  const handOver = new HandOver({
    engine,
    connections,
    limiting: options.shared.limiting,
    drains: options.drains,
    handOver: () => generations.config.handOver,
    services: () => generations.present.services.values(),
    isRunning: options.isRunning,
  })
  return { connections, acceptor, handOver, reloader: new Reloader({ ...options, connections, acceptor }) }
}
