/**
 * A proxy in this process: its parts, what runs, and when that ends. serving.ts connects acceptor.ts, reloader.ts and connections.ts.
 */
import { Admission } from '../admission/admission.js'
import type { Candidate } from '../config/changes/changing-config.js'
import type { Config } from '../config/schema.js'
import { workerCount } from '../config/worker-count.js'
import type { Session } from '../connection/backend/cancel-request.js'
import type { Connection } from '../connection/connection.js'
import type { DrainResult, Readiness, Reloaded, ServingTier, SourceList } from '../control/answers.js'
import { timesOf } from '../control/drain-order.js'
import type { DrainOrder, RateOrder, SourceQuery } from '../control/orders.js'
import { MillraceError } from '../errors.js'
import { createEngine } from '../io/choose-engine.js'
import type { Engine } from '../io/engine.js'
import { borrowLog } from '../observe/log/borrowed-log.js'
import { type Log, type OpenLog, openLog } from '../observe/log/log.js'
import type { DrainScope, ProxyStatus } from '../observe/status.js'
import { createPipeCounters } from '../pipe/options.js'
import type { Sessions } from '../postgres/sessions.js'
import { TicketKeys } from '../tls/ticket-keys.js'
import type { Acceptor } from './acceptor.js'
import { Catalogue } from './catalogue/catalogue.js'
import { Clusters } from './clusters.js'
import { ConnectionIds } from './connection-ids.js'
import type { Connections } from './connections.js'
import { Consequences } from './consequences.js'
import { drainAll } from './drains/drain-all.js'
import { type BegunDrain, Drains } from './drains/drains.js'
import { createGeneration, type Prepared, type SharedParts } from './generations/generation.js'
import { Generations } from './generations/generations.js'
import type { Reloader } from './generations/reloader.js'
import type { HandOver } from './hand-over/hand-over.js'
import { createOwnHealth } from './health/own-health.js'
import { Holds } from './holds.js'
import { Limiting } from './limiting.js'
import { createLoopGuard, type LoopGuard } from './loops/loop-guard.js'
import { createNames, type Names } from './names.js'
import { certificatesOf } from './reporting/certificates.js'
import { ConnectionLog } from './reporting/connection-log.js'
import { CopyingNotice } from './reporting/copying-notice.js'
import { cpuSeconds, ownFacts, ProcessWatch } from './reporting/process-status.js'
import { ProxyCounters } from './reporting/proxy-counters.js'
import { readinessOf } from './reporting/readiness.js'
import type { RunningProxyOptions } from './running-options.js'
import { isOf, scopeOf, usesOf } from './scope.js'
import { createServing, type Serving } from './serving.js'
import { listSources } from './sources.js'

type State = ProxyStatus['state']

export class RunningProxy {
  readonly engine: Engine
  readonly openLog: OpenLog
  readonly log: Log
  readonly tickets: TicketKeys
  readonly names: Names
  readonly watch = new ProcessWatch()
  readonly clusters: Clusters
  readonly drains = new Drains()
  readonly ids = new ConnectionIds()
  readonly limiting: Limiting
  readonly loops: LoopGuard
  readonly #options: RunningProxyOptions
  readonly #pipeCounters = createPipeCounters()
  readonly #counters = new ProxyCounters()
  readonly #connectionLog: ConnectionLog
  readonly #copyingNotice: CopyingNotice
  readonly #admission: Admission
  readonly #catalogue: Catalogue
  readonly generations: Generations
  readonly #connections: Connections
  readonly acceptor: Acceptor
  readonly reloader: Reloader
  readonly handOver: HandOver
  readonly #consequences: Consequences
  readonly holds = new Holds(this)
  #state: State = 'new'
  #startedAt: Date | undefined

  constructor(config: Config, options: RunningProxyOptions = {}) {
    this.engine = options.engine ?? createEngine()
    this.#options = options
    const { log } = options
    this.openLog = options.openLog ?? (log ? borrowLog(log, config.log.level) : openLog(config.log))
    this.log = this.openLog.log
    this.tickets = options.tickets ?? new TicketKeys()
    this.names = options.names ?? createNames(config.names, this.log)
    this.#copyingNotice = new CopyingNotice(this.log)
    this.limiting = this.#createLimiting(config)
    this.loops = createLoopGuard(this, config, options.counts)
    this.#admission = new Admission(this.engine, options.admission ?? this.limiting.rule)
    this.#connectionLog = new ConnectionLog(this.openLog, this.ids, config.log, options.events)
    this.#consequences = new Consequences(this, options.tellVerdict ?? (() => {}))
    const shared = this.#shared(() => undefined)
    this.generations = new Generations(createGeneration(config, undefined, shared))
    this.#catalogue = new Catalogue(config, () => usesOf(this.connections()))
    const checking =
      options.probes === false ? undefined : createOwnHealth(this.log, options.probes, () => this.clusters)
    this.clusters = new Clusters(this.#catalogue, this.generations.present, checking)
    this.#counters.takeUp(this.generations.present, this.#catalogue, this.clusters)
    const { connections, acceptor, reloader, handOver } = this.#createServing()
    this.#connections = connections
    this.handOver = handOver
    this.acceptor = acceptor
    this.reloader = reloader
  }

  async start(): Promise<void> {
    this.#checkState('new', 'a proxy starts once')
    this.#state = 'running'
    this.#startedAt = new Date()
    this.engine.limitPipes({ ...this.config, workers: workerCount(this.config) })
    this.clusters.start()
    for (const { policy } of this.generations.present.services.values()) policy?.termination?.start()
    await this.reloader.begin(
      () => this.#checkState('running', 'a proxy starts once'),
      () => this.stop(),
    )
    this.#tellIfNotSplicing()
  }

  get state(): State {
    return this.#state
  }

  readiness(): Readiness {
    return readinessOf(this.#state, this.generations.present.services.keys())
  }

  status(): ProxyStatus {
    return { ...this.counts(), processes: [this.watch.status(this.config)] }
  }

  /** The status without figures of the process, for a caller that stores it more often than it is shown. */
  counts(): ProxyStatus {
    return {
      ...ownFacts(this.config, this.engine),
      state: this.#state,
      startedAt: this.#startedAt?.toISOString(),
      cpuSeconds: cpuSeconds(),
      eventLoopDelaySeconds: this.watch.delaySeconds,
      logLevel: this.log.level ?? this.config.log.level,
      logFile: this.openLog.file,
      drains: this.drains.status(),
      names: this.names.status(),
      certificates: certificatesOf(this.generations.present.services.values()),
      ...this.#counters.report(this.connections(), this.catalogue, this.clusters),
      ...this.limiting.status(),
      pipes: this.#pipeCounters,
      records: this.#connectionLog.counts(),
      syslog: this.openLog.syslog?.counts(),
      config: this.reloader.counts(),
      processes: [],
    }
  }

  sources(query: SourceQuery = {}): SourceList {
    return listSources(this.limiting.limiter.counts, this.config, query)
  }

  /** Calls run one after the other. Also rejects with what `load` throws. */
  reloadWith(load: () => Candidate): Promise<Reloaded> {
    return this.reloader.reloadWith(load)
  }

  /** Rejects if the config cannot be used, and then nothing has changed. Calls must not overlap. */
  prepare(config: Config): Promise<Prepared> {
    return this.reloader.prepare(config)
  }

  async drain(order: DrainOrder = {}): Promise<DrainResult> {
    return this.beginDrain(order).done
  }

  /** Stops new connections at once. Throws at once if the order is wrong. */
  beginDrain(order: DrainOrder): BegunDrain {
    const times = timesOf(order, this.config.timeouts.drainMs)
    const scope = scopeOf(order, this.catalogue)
    const { drains } = this
    if (scope !== undefined) {
      this.#close(scope)
      const connections = this.connections().filter((each) => isOf(scope, each))
      return { left: connections.length, done: drains.run(scope, connections, times) }
    }
    this.#state = 'draining'
    const { length: left } = this.connections()
    return { left, done: drainAll(this, times).then((result) => this.stop().then(() => result)) }
  }

  async stop(): Promise<void> {
    this.#state = 'stopped'
    this.acceptor.closeAll()
    this.handOver.stopTaking()
    this.clusters.stop()
    for (const { policy } of this.generations.present.services.values()) policy?.termination?.stop()
    this.limiting.stop()
    this.#connections.endAll('ordered')
    await this.#connections.emptied()
    if (this.#options.openLog === undefined) await this.openLog.close()
  }

  get config(): Config {
    return this.generations.config
  }

  /** What exists, and what has left and still has connections. */
  get catalogue(): Catalogue {
    this.#catalogue.forgetUnused()
    return this.#catalogue
  }

  /** Connections that have not ended. */
  connections(): readonly Connection[] {
    return this.#connections.all()
  }

  async failback(cluster: string): Promise<ServingTier> {
    return this.clusters.failback(cluster)
  }

  limit(id: string, order: RateOrder): void {
    this.limiting.bandwidth.limit(id, order, this.#connections)
  }

  /** Postgres sessions that can be cancelled. */
  get sessions(): Sessions<Session> {
    return this.#connections.sessions
  }

  #createLimiting(config: Config): Limiting {
    return new Limiting(config, {
      log: this.log,
      shared: this.#options.counts,
      tellSeen: this.#options.tellSeen,
      lists: this.#options.lists,
      runQueue: this.engine.runQueue,
      open: () => this.#connections.size,
      connections: () => this.connections(),
    })
  }

  #shared(knownCluster: SharedParts['knownCluster']): SharedParts {
    const { engine, log, tickets, names, loops } = this
    return {
      engine,
      loops,
      counters: this.#pipeCounters,
      log,
      tickets,
      knownCluster,
      names,
      limiting: this.limiting,
      onFound: (backends, { name }) => this.clusters.provide(name, 'discovered', backends),
      hooksOf: (name) => ({ ...this.#consequences.hooksOf(name), ...this.#options.events?.hooksOf(name) }),
      onNoKey: (cluster) => this.#counters.foundNoKey(cluster),
      onQueued: (cluster) => this.#counters.queued(cluster),
    }
  }

  #createServing(): Serving {
    return createServing({
      engine: this.engine,
      openLog: this.openLog,
      admission: this.#admission,
      generations: this.generations,
      catalogue: this.#catalogue,
      clusters: this.clusters,
      counters: this.#counters,
      connectionLog: this.#connectionLog,
      drains: this.drains,
      health: this.#consequences,
      watch: this.watch,
      ids: this.ids,
      shared: this.#shared((name) => this.clusters.get(name)),
      sharePorts: this.#options.sharePorts ?? false,
      events: this.#options.events,
      ended: (connection, ending) => {
        this.limiting.bans.ended(connection, ending)
        this.#tellIfNotSplicing()
      },
      isRunning: () => this.#state === 'running',
      checkRunning: () => this.#checkState('running', 'only a running proxy reloads'),
    })
  }

  /** No more connections join this part. */
  #close({ listener, cluster, backend }: DrainScope): void {
    if (cluster !== undefined) this.clusters.close(cluster, backend)
    this.generations.drain(listener)
  }

  #tellIfNotSplicing(): void {
    if (this.config.splice !== 'off') this.#copyingNotice.tell(this.engine.notSplicing)
  }

  #checkState(wanted: State, rule: string): void {
    if (this.#state !== wanted) throw new MillraceError('wrong-state', `${rule}, this one is ${this.#state}`)
  }
}
