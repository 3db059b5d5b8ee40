/**
 * Uses many cores with many processes. The supervisor starts the workers, gives each the same config and the
 * same orders, replaces a worker that dies, and ends after the last one. It accepts no connection and
 * forwards no byte.
 */
import type { SharedVerdict } from '../cluster/shared-verdict.js'
import type { Config } from '../config/schema.js'
import { workerCount } from '../config/worker-count.js'
import type { DrainResult, Reloaded } from '../control/answers.js'
import type { DrainOrder } from '../control/orders.js'
import { MillraceError } from '../errors.js'
import { countsTables, createEngine } from '../io/choose-engine.js'
import type { Engine } from '../io/engine.js'
import type { NativeCountsTables } from '../io/kernel/native-counts-tables.js'
import type { InheritedSockets } from '../io/listening/inherited-sockets.js'
import type { BanFinding } from '../limits/bans/ban-findings.js'
import type { Log, OpenLog } from '../observe/log/log.js'
import type { ProxyStatus } from '../observe/status.js'
import { countChanges } from '../proxy/generations/run-time-changes.js'
import type { Probes } from '../proxy/health/probes.js'
import { createNames, type Names } from '../proxy/names.js'
import type { Surroundings } from '../proxy/proxy-control.js'
import { ROTATE_EVERY_MS } from '../tls/ticket-keys.js'
import { addDrains } from './drain-results.js'
import type { SessionQuestion } from './messages.js'
import { Reloader } from './reloader.js'
import { answerSearch } from './session-search.js'
import { ServingWorkers } from './slots/serving-workers.js'
import { Watchdog } from './slots/watchdog.js'
import type { WorkerChannel } from './slots/worker-channel.js'
import { type ForkWorker, forkWorkers } from './slots/worker-process.js'
import { WorkerSlot } from './slots/worker-slot.js'
import { Loans } from './sockets/loans.js'
import { assignPorts, type PresentPlaces } from './sockets/shared-ports.js'
import { Sockets } from './sockets/sockets.js'
import { DesiredState } from './state/desired-state.js'
import { Figures } from './state/figures.js'
import { idleStatus } from './state/idle-status.js'
import { SharedTable } from './state/shared-table.js'

/** ms after the deadline of the last drain. A worker that still lives then is stuck. */
const GRACE_MS = 3000

export interface SupervisorOptions {
  /** Default: processes of node:cluster. */
  readonly fork?: ForkWorker
  /** Makes the table in which workers count together. Default: the addon of this thread. */
  readonly tables?: NativeCountsTables | undefined
  /** Opens the listening sockets. Default: the engine of this thread. */
  readonly engine?: Engine
  /** How backends are checked. Default: over the network. */
  readonly probes?: Probes
  /** Says what the names of backends mean. Default: DNS. */
  readonly names?: Names
  /** Listening sockets of an earlier process, and where its listeners were. Default: there are none. */
  readonly inherited?: { readonly sockets: InheritedSockets; readonly places: PresentPlaces }
}

export class Supervisor {
  readonly serving: ServingWorkers
  readonly desired: DesiredState
  readonly figures: Figures
  readonly sockets: Sockets
  readonly table: SharedTable
  readonly surroundings: Surroundings
  readonly log: Log
  readonly #openLog: OpenLog
  readonly #engine: Engine
  readonly #loans: Loans
  readonly reloader: Reloader
  readonly #startedWith: Config
  readonly #slots: readonly WorkerSlot[]
  readonly #inherited: SupervisorOptions['inherited']
  #startedAt: string | undefined
  #isStopping = false
  /** The error of the first worker that could not listen at the start. */
  #startFailure: Error | undefined
  #rotation: NodeJS.Timeout | undefined
  /** Reloads, drains of listeners, and workers that join come one after the other. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(config: Config, openLog: OpenLog, surroundings: Surroundings, options: SupervisorOptions = {}) {
    const { log } = openLog
    const { engine = createEngine(), tables = countsTables(), probes, names, inherited } = options
    this.#engine = engine
    this.table = new SharedTable(tables, config, log)
    this.serving = new ServingWorkers(log)
    this.figures = new Figures(this.serving)
    this.log = log
    this.#openLog = openLog
    this.surroundings = surroundings
    this.#startedWith = config
    this.sockets = new Sockets(this.#engine, workerCount(config), inherited?.sockets)
    this.#inherited = inherited
    this.#loans = new Loans(this.serving, this.sockets, () => this.config)
    this.desired = new DesiredState(config, this.sockets, log, {
      workers: () => this.begun,
      serving: () => this.serving.channels,
      seatOf: (slot) => this.table.seatOf(slot),
      probes,
      names: names ?? createNames(config.names, log),
    })
    this.reloader = new Reloader({
      engine,
      startedWith: config,
      openLog,
      surroundings,
      serving: this.serving,
      desired: this.desired,
      table: this.table,
      sockets: this.sockets,
      loans: this.#loans,
      checkRunning: () => this.#checkRunning(),
    })
    const { fork = forkWorkers(this.table.fd) } = options
    const hooks = {
      hello: (channel: WorkerChannel) => this.desired.greet(channel),
      ready: (channel: WorkerChannel) => void this.inTurn(() => this.#admit(channel)),
      searches: (channel: WorkerChannel, question: SessionQuestion) =>
        void answerSearch(this.serving, channel, question),
      verdict: (channel: WorkerChannel, verdict: SharedVerdict) =>
        this.desired.health.heard(channel, verdict),
      seen: (findings: readonly BanFinding[]) => this.desired.bans.heard(findings),
      gone: (channel: WorkerChannel) => this.#forget(channel),
      vacated: (slot: number) => this.#loans.begin(slot),
    }
    const numbers = Array.from({ length: workerCount(config) }, (_, number) => number)
    this.#slots = numbers.map((number) => new WorkerSlot(number, hooks, log, fork))
  }

  /** How many workers the config asks for. */
  get wanted(): number {
    return this.#slots.length
  }

  get isStopping(): boolean {
    return this.#isStopping
  }

  /** Workers serve, and the supervisor has no order to end. */
  get isServing(): boolean {
    return this.#startedAt !== undefined && !this.#isStopping
  }

  get config(): Config {
    return this.desired.present.config
  }

  /**
   * Resolves when every worker listens or has died. If one cannot listen, it ends all and rejects with
   * `listen-failed`.
   */
  async start(): Promise<void> {
    await this.inTurn(async () => {
      const assigned = await assignPorts(this.#startedWith, this.#inherited?.places, this.#engine)
      await this.desired.lists.begin(assigned.config)
      await this.sockets.prepare(this.desired.orders.withoutDrained(assigned.config))
      this.#inherited?.sockets.close()
      this.desired.begin(assigned)
      this.table.takeUp(assigned.config)
    })
    this.#checkRunning()
    await Promise.all(this.#slots.map((slot) => slot.open()))
    await this.#turn
    this.#checkRunning()
    if (this.#startFailure !== undefined) throw await this.#giveUp(this.#startFailure)
    for (const slot of this.sockets.extra) this.#loans.begin(slot)
    this.#startedAt = new Date().toISOString()
    this.#rotation = setInterval(() => this.#rotateTicketKeys(), ROTATE_EVERY_MS).unref()
    new Watchdog(this.serving, this.log, () => this.config.workerHangMs).start()
    const [serving, workers] = [this.serving.channels.length, this.wanted]
    if (serving === workers) this.log.info({ workers }, `${workers} workers`)
    else this.log.error({ workers, serving }, `${serving} of ${workers} workers`)
  }

  async status(): Promise<ProxyStatus> {
    const idle = idleStatus(this.config, this.desired.catalogue, this.#engine)
    const config = { ...this.reloader.counts, ...countChanges(this.surroundings.changing) }
    const status = await this.figures.status({ ...idle, config })
    return {
      ...status,
      names: this.desired.names.status(),
      ...this.desired.bans.status(),
      lists: this.desired.lists.status(),
      workersWanted: this.wanted,
      logLevel: this.log.level ?? status.logLevel,
      logFile: this.#openLog.file,
      startedAt: this.#startedAt,
      config,
    }
  }

  /**
   * Workers that have drained everything are gone, so the supervisor has nothing left to do. The order must
   * be a good one. Without a deadline the answer does not wait for that.
   */
  async end(order: DrainOrder): Promise<DrainResult> {
    const { deadlineMs } = order
    this.#isStopping = true
    this.surroundings.stopping?.()
    clearInterval(this.#rotation)
    this.desired.stop()
    this.sockets.close()
    const emptied = Promise.all(this.#slots.map((slot) => slot.close()))
    const joined = this.serving.channels
    // Workers that do not serve yet must not begin.
    for (const { channel } of this.#slots)
      if (channel !== undefined && !joined.includes(channel)) channel.send({ kind: 'leave' })
    const cut = deadlineMs ? setTimeout(() => this.cut(), deadlineMs + GRACE_MS) : undefined
    const outcomes = await Promise.all(
      joined.map((channel) => channel.ask<DrainResult>({ method: 'drain', args: [order] })),
    )
    const ended = emptied.then(() => {
      clearTimeout(cut)
      this.surroundings.ended()
    })
    if (deadlineMs !== undefined) await ended
    return addDrains(
      order,
      outcomes.flatMap((outcome) => (outcome.kind === 'answer' ? [outcome.value] : [])),
    )
  }

  /** Another process accepts from now on: no worker takes the place of one that dies. */
  keepLastWorkers(): void {
    for (const slot of this.#slots) slot.keepLast()
  }

  /** Ends a failed start. Resolves with its error when no worker is left. */
  async #giveUp(failure: Error): Promise<Error> {
    this.#isStopping = true
    this.desired.stop()
    this.sockets.close()
    const emptied = Promise.all(this.#slots.map((slot) => slot.close()))
    this.cut()
    await emptied
    return failure
  }

  /** Kills the workers now. */
  cut(): void {
    for (const { channel } of this.#slots) channel?.kill()
  }

  /** Runs a task that must not overlap with a reload or with a worker that joins. */
  inTurn<Value>(task: () => Promise<Value>): Promise<Value> {
    const done = this.#turn.then(task)
    this.#turn = done.catch(() => {})
    return done
  }

  reload(): Promise<Reloaded> {
    const reloaded = this.inTurn(() => this.reloader.reload())
    this.surroundings.reloading?.(reloaded)
    return reloaded
  }

  /** The worker listens. From now on it counts as serving. */
  async #admit(channel: WorkerChannel): Promise<void> {
    try {
      await this.desired.update(channel)
      if (channel.isGone || this.#isStopping) return
      this.serving.join(channel)
      this.#loans.end(channel.slot)
      this.#loans.assign()
    } catch (err) {
      this.log.error(
        { worker: channel.slot, err },
        'a worker did not get the config and the orders: the supervisor kills it',
      )
      channel.kill()
    }
  }

  /** Every worker that exists, whether it serves yet or not. */
  get begun(): readonly WorkerChannel[] {
    return this.#slots.flatMap(({ channel }) => channel ?? [])
  }

  #rotateTicketKeys(): void {
    this.desired.rotateTicketKeys(this.begun)
  }

  #forget(channel: WorkerChannel): void {
    this.serving.leave(channel)
    this.#loans.assign()
    this.figures.gone(channel)
    this.table.gone(channel.slot)
    const hasStarted = this.#startedAt !== undefined
    if (!hasStarted && isListenFailure(channel.failure)) this.#startFailure ??= channel.failure
    if (!this.#isStopping) this.figures.died()
  }

  #checkRunning(): void {
    if (this.#isStopping) throw new MillraceError('wrong-state', 'this proxy is draining')
  }
}

const isListenFailure = (error: Error | undefined): boolean =>
  error instanceof MillraceError && error.code === 'listen-failed'
