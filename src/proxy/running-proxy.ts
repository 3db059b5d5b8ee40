/**
 * The composition root: a config becomes rooms, and the rooms are introduced to each other. It owns the listeners, the
 * set of connections, whether they are draining, and which generation of the config is the present one.
 */
import type { PeerAddress } from '../address.js'
import type { Readiness } from '../admin/control.js'
import type { DialOptions } from '../cluster/dial.js'
import type { ProxyConfig } from '../config/input.js'
import { type Config, workerCount } from '../config/schema.js'
import { validateConfig } from '../config/validate.js'
import type { Session } from '../connection/cancellation.js'
import { Connection, type ConnectionHost, type Service } from '../connection/connection.js'
import { MillraceError } from '../errors.js'
import { createEngine } from '../io/choose-engine.js'
import type { Engine } from '../io/engine.js'
import type { Socket } from '../io/socket.js'
import { Sweep } from '../io/sweep.js'
import type { Listener } from '../listener/listener.js'
import { announceFailedAccept, announcePause } from '../observe/announcements.js'
import { borrowLog, type Log, type OpenLog, openLog } from '../observe/log.js'
import type { RecordEnding } from '../observe/record.js'
import type { ProxyStatus } from '../observe/status.js'
import { createPipeCounters, type OrderedCause } from '../pipe/options.js'
import { Sessions } from '../postgres/sessions.js'
import { TicketKeys } from '../tls/ticket-keys.js'
import { VERSION } from '../version.js'
import { changesBetween, needingRestart } from './changes.js'
import { Chronicle } from './chronicle.js'
import { Clusters } from './clusters.js'
import { ConnectionIds } from './connection-ids.js'
import { CopyingNotice } from './copying-notice.js'
import { type DrainResult, timesOf } from './drain.js'
import { Drains } from './drains.js'
import { createGeneration, exchange, type Generation, type Ground, type Prepared } from './generation.js'
import { Ledger } from './ledger.js'
import { Names } from './names.js'
import { blameOurselves } from './overlap.js'
import { cpuSeconds, ProcessWatch } from './process-status.js'
import type { DrainOrder, Proxy, Reloaded } from './proxy.js'
import { readinessOf } from './readiness.js'
import type { RunningProxyOptions } from './running-options.js'
import { scopeOf } from './scope.js'

type State = ProxyStatus['state']

export class RunningProxy implements Proxy, ConnectionHost {
  readonly engine: Engine
  readonly openLog: OpenLog
  readonly log: Log
  readonly #ownsLog: boolean
  readonly #chronicle: Chronicle
  readonly watch = new ProcessWatch()
  readonly #counters = createPipeCounters()
  readonly #sharePorts: boolean
  readonly #connections = new Sweep<Connection>((...look) => this.watch.timerRan(...look))
  readonly #ledger = new Ledger()
  readonly ids = new ConnectionIds()
  readonly #copyingNotice: CopyingNotice
  readonly sessions = new Sessions<Session>()
  readonly drains = new Drains()
  readonly tickets: TicketKeys
  readonly #startedWith: Config
  #generation: Generation
  readonly #clusters: Clusters
  /** Being taken up: its listeners may have clients before it is the present one. */
  #next: Generation | undefined
  #state: State = 'new'
  #startedAt: Date | undefined
  #config = { loadedAt: new Date().toISOString(), reloads: 0, failedReloads: 0 }
  #reloading: Promise<unknown> = Promise.resolve()
  #whenEmpty: (() => void) | undefined

  constructor(config: Config, options: RunningProxyOptions = {}) {
    this.engine = options.engine ?? createEngine()
    this.#ownsLog = options.openLog === undefined
    this.openLog = options.openLog ?? (options.log ? borrowLog(options.log) : openLog(config.log))
    this.log = this.openLog.log
    this.#copyingNotice = new CopyingNotice(this.log)
    this.#chronicle = new Chronicle(this.openLog, this.ids, config.log.access)
    this.#sharePorts = options.sharePorts ?? false
    this.tickets = options.tickets ?? new TicketKeys()
    this.#startedWith = config
    const ground = this.#ground(() => undefined)
    this.#generation = createGeneration(config, undefined, ground)
    this.#clusters = new Clusters(this.#generation.destinations)
    this.#ledger.takeUp(this.#generation.services.values(), this.#clusters, [])
  }

  async start(): Promise<void> {
    if (this.#state !== 'new') throw wrongState('a proxy starts once', this.#state)
    this.#state = 'running'
    this.#startedAt = new Date()
    this.#limitPipes(this.config)
    this.#clusters.start()
    for (const { reception } of this.#generation.services.values()) reception?.termination?.start()
    const opened = this.#openAll()
    // A reload meanwhile would open the same listeners.
    this.#reloading = opened.catch(() => {})
    await opened
    this.#tellIfNotSplicing()
  }

  async #openAll(): Promise<void> {
    try {
      for (const listener of this.#generation.services.keys()) {
        if (!listener.isDrained) await this.#open(listener)
        // It may have been told to end in the meantime.
        if (!this.#isRunning) throw wrongState('a proxy starts once', this.#state)
      }
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  get state(): State {
    return this.#state
  }

  readiness(): Readiness {
    return readinessOf(this.#state, this.#generation, this.drains.isOrdered)
  }

  status(): ProxyStatus {
    return { ...this.counts(), processes: [this.watch.status()] }
  }

  /** The status without a look at the process: for whoever remembers it more often than it is shown. */
  counts(): ProxyStatus {
    const isSplicing = this.config.splice !== 'off'
    return {
      state: this.#state,
      version: VERSION,
      startedAt: this.#startedAt?.toISOString(),
      workers: 1,
      workersWanted: 1,
      workersSilent: 0,
      workerDeaths: 0,
      workersDiffer: [],
      cpuSeconds: cpuSeconds(),
      eventLoopDelaySeconds: this.watch.delaySeconds,
      engine: this.engine.kind,
      notSplicing: isSplicing ? this.engine.notSplicing : 'switched-off',
      logLevel: this.log.level ?? this.config.log.level,
      logFile: this.openLog.file,
      drains: this.drains.status(),
      ...this.#ledger.report(this.connections(), this.#clusters),
      pipes: this.#counters,
      kernel: this.engine.counts(),
      records: this.#chronicle.counts(),
      config: { ...this.#config },
      processes: [],
      unavailable: this.engine.unavailable,
    }
  }

  reload(config: ProxyConfig): Promise<Reloaded> {
    return this.reloadWith(() => validateConfig(config))
  }

  /** One after the other: each compares itself with what the one before has left. */
  reloadWith(load: () => Config): Promise<Reloaded> {
    const reloaded = this.#reloading.then(async () => this.#takeUp(load()))
    this.#reloading = reloaded.catch(() => {
      this.#config.failedReloads++
    })
    return reloaded
  }

  async drain(order: DrainOrder = {}): Promise<DrainResult> {
    const times = timesOf(order, this.config.timeouts.drainMs)
    const scope = scopeOf(order, this.names)
    if (scope !== undefined) {
      scope.close()
      return this.drains.runOrdered(scope.name, this.connections().filter(scope.has), times)
    }
    this.#closeListeners('draining')
    const result = await this.drains.run({}, this.connections(), times)
    await this.stop()
    return result
  }

  async stop(): Promise<void> {
    this.#closeListeners('stopped')
    this.#clusters.stop()
    for (const { reception } of this.#generation.services.values()) reception?.termination?.stop()
    this.#endAll('ordered')
    await this.#emptied()
    if (this.#ownsLog) await this.openLog.close()
  }

  get config(): Config {
    return this.#generation.config
  }

  get dialOptions(): DialOptions {
    return this.#generation.dialOptions
  }

  get names(): Names {
    return new Names(this.#generation, this.#clusters, this.#ledger)
  }

  /** Those that are not over yet. */
  connections(): readonly Connection[] {
    return this.#connections.members()
  }

  nextId(): string {
    return this.ids.next()
  }

  failed(connection: Connection, cause: 'route-failed' | 'internal-error', err: unknown): void {
    this.#chronicle.failed(connection, cause, err)
  }

  connected(connection: Connection): void {
    this.#ledger.connected(connection)
  }

  answered(connection: Connection): void {
    this.#ledger.answered(connection)
  }

  ended(connection: Connection, ending: RecordEnding): void {
    this.#connections.delete(connection)
    const { totals } = connection
    this.#ledger.ended(connection, ending, totals)
    this.#chronicle.ended(connection, ending, totals)
    this.#tellIfNotSplicing()
    this.drains.left(connection)
    if (this.#connections.size === 0) this.#whenEmpty?.()
  }

  #ground(knownCluster: Ground['knownCluster']): Ground {
    const { engine, log, tickets } = this
    return { engine, counters: this.#counters, log, tickets, knownCluster }
  }

  get #isRunning(): boolean {
    return this.#state === 'running'
  }

  /** Rejects where the config cannot be used: then nothing has changed. One after the other. */
  async prepare(config: Config): Promise<Prepared> {
    this.#checkRunning()
    const ground = this.#ground((name) => this.#clusters.get(name))
    const after = createGeneration(config, this.#generation, ground)
    const log = await this.openLog.prepare(config.log)
    this.#next = after
    const opened = await this.#openNew([...after.services.keys()]).catch((error) => {
      log.abandon()
      throw error
    })
    return {
      takeUp: () => {
        if (!this.#isRunning) log.abandon()
        this.#checkRunning()
        this.#commit(this.#generation, after)
        log.take()
        this.drains.spareListeners(opened, after.services)
      },
      giveUp: () => {
        log.abandon()
        this.#giveUp(opened)
      },
    }
  }

  async #takeUp(config: Config): Promise<Reloaded> {
    const changed = changesBetween(this.config, config)
    const needsRestart = needingRestart(this.#startedWith, config)
    const prepared = await this.prepare(config)
    prepared.takeUp()
    this.log.info({ changed, needsRestart }, 'the config was taken up')
    return { changed, needsRestart }
  }

  /** All or none. */
  async #openNew(listeners: readonly Listener[]): Promise<readonly Listener[]> {
    const opened: Listener[] = []
    try {
      for (const listener of listeners.filter(({ isListening }) => !isListening)) {
        await this.#open(listener)
        opened.push(listener)
        this.#checkRunning()
      }
      return opened
    } catch (error) {
      this.#giveUp(opened)
      throw error
    }
  }

  /** Who has come meanwhile is drained, as one whose listener has gone from the config. */
  #giveUp(opened: readonly Listener[]): void {
    for (const listener of opened) {
      if (this.#generation.services.has(listener)) listener.close()
      else this.#dismiss(listener, [])
    }
  }

  #checkRunning(): void {
    if (!this.#isRunning) throw wrongState('only a running proxy reloads', this.#state)
  }

  #limitPipes(config: Config): void {
    this.engine.limitPipes({ ...config, workers: workerCount(config) })
  }

  /** Nothing in here may fail. */
  #commit(before: Generation, after: Generation): void {
    this.#generation = after
    this.#config.reloads++
    this.#config.loadedAt = new Date().toISOString()
    this.#chronicle.update(after.config.log.access)
    this.#limitPipes(after.config)
    this.#clusters.update(after.destinations, after.config.clusters)
    this.#ledger.takeUp(after.services.values(), this.#clusters, this.connections())
    exchange(before, after, this.log)
    const { listeners } = this.names
    for (const listener of before.services.keys()) {
      if (!after.services.has(listener)) this.#dismiss(listener, listeners)
    }
  }

  /** It accepts no more. Connections of names that are gone, too, are drained in the background; others go on. */
  #dismiss(listener: Listener, stayingNames: readonly string[]): void {
    listener.close()
    const itsOwn = this.connections().filter(({ service }) => service.listener === listener)
    for (const name of new Set(itsOwn.map(({ service }) => service.name))) {
      if (stayingNames.includes(name)) continue
      const connections = itsOwn.filter(({ service }) => service.name === name)
      void this.drains.run({ listener: name }, connections, timesOf({}, this.config.timeouts.drainMs))
    }
  }

  async #open(listener: Listener): Promise<void> {
    try {
      await listener.open(this.engine, this.#sharePorts, {
        accepted: (at, client, from) => this.#accepted(at, client, from),
        paused: (at, errno, isNews) => this.#paused(this.#serviceOf(at), errno, isNews),
        failed: (at, errno) => announceFailedAccept(this.log, this.#serviceOf(at).name, errno),
      })
    } catch (error) {
      const present = this.#generation.services.keys()
      throw blameOurselves(error, listener.options, present, this.#next ?? this.#generation)
    }
    const { name, address } = listener.status()
    this.log.info({ listener: name, address, engine: this.engine.kind }, `listening on ${address}`)
  }

  #paused(service: Service, errno: string, isNews: boolean): void {
    this.#ledger.paused(service)
    if (isNews) announcePause(this.log, service.name, errno)
  }

  /** Of a listener that is open: it may be that of a generation that is being taken up. */
  #serviceOf(listener: Listener): Service {
    return this.#generation.services.get(listener) ?? this.#next!.services.get(listener)!
  }

  #accepted(listener: Listener, client: Socket, from: PeerAddress): void {
    const service = this.#serviceOf(listener)
    this.#ledger.accepted(service)
    const connection = new Connection(this, service, client, from)
    this.#connections.add(connection, this.#generation.shortestTimeoutMs)
    connection.start()
  }

  #tellIfNotSplicing(): void {
    if (this.config.splice !== 'off') this.#copyingNotice.tell(this.engine.notSplicing)
  }

  #closeListeners(state: State): void {
    this.#state = state
    for (const { services } of [this.#generation, this.#next ?? this.#generation])
      for (const listener of services.keys()) listener.close()
  }

  #endAll(cause: OrderedCause): void {
    for (const connection of this.connections()) connection.end(cause)
  }

  async #emptied(): Promise<void> {
    if (this.#connections.size === 0) return
    await new Promise<void>((resolve) => {
      const earlier = this.#whenEmpty
      this.#whenEmpty = () => {
        earlier?.()
        resolve()
      }
    })
  }
}

function wrongState(rule: string, state: State): MillraceError {
  return new MillraceError('wrong-state', `${rule}, this one is ${state}`)
}
