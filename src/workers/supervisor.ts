/**
 * Many cores are many processes: the supervisor forks the workers, gives each the same config and the same orders,
 * replaces one that dies, and ends with the last. It accepts no connection and forwards no byte.
 */
import { availableParallelism } from 'node:os'
import type { DrainOrder, DrainResult, Reloaded } from '../admin/control.js'
import type { Config } from '../config/schema.js'
import { MillraceError } from '../errors.js'
import { createEngine } from '../io/choose-engine.js'
import type { Log, OpenLog } from '../observe/log.js'
import type { ProxyStatus } from '../observe/status.js'
import { changesBetween, needingRestart } from '../proxy/changes.js'
import { timesOf } from '../proxy/drain.js'
import type { Surroundings } from '../proxy/proxy-control.js'
import { RunningProxy } from '../proxy/running-proxy.js'
import { Crew, LOOK_WITHIN_MS, ORDER_WITHIN_MS, problemOf, silence } from './crew.js'
import { Figures } from './figures.js'
import type { Line } from './line.js'
import { Orders } from './orders.js'
import { Place } from './place.js'
import { type Assigned, assignPorts } from './shared-ports.js'

/** Certificates are read, listeners opened (ms). */
const PREPARE_WITHIN_MS = 10_000
/** What still lives so long after the deadline of the last drain is stuck (ms). */
const GRACE_MS = 3000

export function workerCount(workers: Config['workers']): number {
  return workers === 'auto' ? availableParallelism() : workers
}

export class Supervisor {
  readonly crew: Crew
  readonly orders = new Orders()
  readonly figures: Figures
  readonly surroundings: Surroundings
  readonly log: Log
  readonly #openLog: OpenLog
  readonly #engine = createEngine()
  readonly #startedWith: Config
  readonly #places: readonly Place[]
  #present: Assigned
  /** Of the config that is present: it never serves, but knows what there is. */
  #model: RunningProxy
  #version = 0
  #startedAt: string | undefined
  #counts = { loadedAt: new Date().toISOString(), reloads: 0, failedReloads: 0 }
  #isStopping = false
  /** Configs are taken up, and workers join, one after the other. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(config: Config, openLog: OpenLog, surroundings: Surroundings) {
    const { log } = openLog
    this.crew = new Crew(log)
    this.figures = new Figures(this.crew)
    this.log = log
    this.#openLog = openLog
    this.surroundings = surroundings
    this.#startedWith = config
    this.#present = { loaded: config, config }
    this.#model = this.#modelOf(this.#present)
    const hooks = {
      hello: (line: Line) => this.#greet(line),
      ready: (line: Line) => void this.#inTurn(() => this.#admit(line)),
      gone: (line: Line) => this.#forget(line),
    }
    const numbers = Array.from({ length: workerCount(config.workers) }, (_, number) => number)
    this.#places = numbers.map((number) => new Place(number, hooks, log))
  }

  /** How many workers there are to be. */
  get wanted(): number {
    return this.#places.length
  }

  get isStopping(): boolean {
    return this.#isStopping
  }

  /** A proxy of the present config that does not serve. */
  get model(): RunningProxy {
    return this.#model
  }

  get config(): Config {
    return this.#present.config
  }

  /** Resolves when every worker listens, or is gone; rejects with `listen-failed`, before forking, where one could not. */
  async start(): Promise<void> {
    await this.#inTurn(async () => {
      const assigned = await assignPorts(this.#startedWith, undefined, this.#engine)
      this.#use(assigned, this.#modelOf(assigned))
    })
    this.#checkRunning()
    await Promise.all(this.#places.map((place) => place.open()))
    await this.#turn
    this.#checkRunning()
    this.#startedAt = new Date().toISOString()
    this.figures.start()
    const [serving, workers] = [this.crew.lines.length, this.wanted]
    if (serving === workers) this.log.info({ workers }, `${workers} workers`)
    else this.log.error({ workers, serving }, `${serving} of ${workers} workers`)
  }

  async status(): Promise<ProxyStatus> {
    const status = await this.figures.status({ ...this.#model.counts(), workers: 0, cpuSeconds: 0 })
    return {
      ...status,
      workersWanted: this.wanted,
      startedAt: this.#startedAt,
      config: { ...this.#counts },
    }
  }

  /** Workers that have drained everything are gone, and so is what there was to supervise. */
  async end(order: DrainOrder): Promise<DrainResult> {
    // Nobody is ended by an order that makes no sense.
    const times = timesOf(order, this.config.timeouts.drainMs)
    this.#isStopping = true
    this.figures.stop()
    const emptied = Promise.all(this.#places.map((place) => place.close()))
    const joined = this.crew.lines
    // Those that do not serve yet must not begin to.
    for (const { line } of this.#places)
      if (line !== undefined && !joined.includes(line)) line.kill('SIGTERM')
    const cut = times.deadlineMs > 0 ? setTimeout(() => this.cut(), times.deadlineMs + GRACE_MS) : undefined
    const outcomes = await Promise.all(
      joined.map((line) => line.ask<DrainResult>({ method: 'drain', args: [order] })),
    )
    await emptied
    clearTimeout(cut)
    this.surroundings.ended()
    return addDrains(outcomes.flatMap((outcome) => (outcome.kind === 'answer' ? [outcome.value] : [])))
  }

  /** Ends the workers now. */
  cut(): void {
    for (const { line } of this.#places) line?.kill('SIGKILL')
  }

  reload(): Promise<Reloaded> {
    return this.#inTurn(async () => {
      try {
        return await this.#takeUp()
      } catch (error) {
        this.#counts.failedReloads++
        this.log.error({ err: error }, 'the reload failed: the old config stays')
        throw error
      }
    })
  }

  async #takeUp(): Promise<Reloaded> {
    const loaded = this.surroundings.load()
    this.#checkRunning()
    const before = this.#present.loaded
    const next = await assignPorts(loaded, this.#present, this.#engine)
    const model = this.#modelOf(next)
    const lines = this.crew.lines
    const log = await this.#openLog.prepare(loaded.log)
    await this.#prepare(lines, next.config).catch((error) => {
      log.abandon()
      throw error
    })
    this.#use(next, model)
    this.orders.reloaded(before, loaded)
    this.#version++
    await Promise.all(lines.map((line) => this.#takeUpIn(line)))
    log.take()
    this.#counts.reloads++
    this.#counts.loadedAt = new Date().toISOString()
    const changed = changesBetween(before, loaded)
    const needsRestart = needingRestart(this.#startedWith, loaded)
    this.log.info({ changed, needsRestart }, 'the config was taken up')
    return { changed, needsRestart }
  }

  /** In all or in none. Who is known to be stuck is not waited for. */
  async #prepare(lines: readonly Line[], config: Config): Promise<void> {
    const stuck = lines.filter(({ isSilent }) => isSilent)
    if (stuck.length > 0) throw silence(stuck)
    const outcomes = await Promise.all(
      lines.map((line) =>
        line.ask({ method: 'prepare', args: [this.#configFor(line, config)] }, PREPARE_WITHIN_MS),
      ),
    )
    const problem = problemOf(lines, outcomes)
    if (problem === undefined) return
    await Promise.all(lines.map((line) => line.ask({ method: 'giveUp', args: [] }, LOOK_WITHIN_MS)))
    throw problem
  }

  /** What it has got ready it will use, even where that takes it a while. */
  async #takeUpIn(line: Line): Promise<void> {
    line.version = this.#version
    const outcome = await line.ask({ method: 'takeUp', args: [] }, ORDER_WITHIN_MS)
    if (outcome.kind === 'answer' || outcome.kind === 'gone') return
    const err = outcome.kind === 'error' ? outcome.error : undefined
    this.log.error({ worker: line.place, err }, 'a worker has not taken the config up yet')
  }

  #modelOf({ config }: Assigned): RunningProxy {
    return new RunningProxy(config, { log: this.log })
  }

  #use(next: Assigned, model: RunningProxy): void {
    this.#present = next
    this.#model = model
  }

  #greet(line: Line): void {
    line.version = this.#version
    line.revision = this.orders.revision
    const config = this.#configFor(line, this.config)
    line.send({ kind: 'start', config, orders: this.orders.callsFor(config) })
  }

  /** It listens. What has happened since it was greeted it is told before anybody counts on it. */
  async #admit(line: Line): Promise<void> {
    try {
      if (line.version !== this.#version) {
        await this.#prepare([line], this.config)
        await this.#takeUpIn(line)
      }
      while (line.revision !== this.orders.revision) await this.#repeatOrders(line)
      if (!line.isGone && !this.#isStopping) this.crew.join(line)
    } catch (err) {
      this.log.error(
        { worker: line.place, err },
        'a worker could not be told what the others know: it is ended',
      )
      line.kill('SIGKILL')
    }
  }

  async #repeatOrders(line: Line): Promise<void> {
    line.revision = this.orders.revision
    const calls = this.orders.callsFor(this.#configFor(line, this.config))
    const outcomes = await Promise.all(calls.map((call) => line.ask(call, ORDER_WITHIN_MS)))
    const problem = problemOf([line], outcomes)
    if (problem !== undefined) throw problem
  }

  #forget(line: Line): void {
    this.crew.leave(line)
    this.figures.gone(line)
    if (!this.#isStopping) this.figures.died()
  }

  /** Whether a worker has the listener that is asked for, if any is. */
  hasListener(line: Line, name: string | undefined): boolean {
    if (name === undefined) return true
    return this.#configFor(line, this.config).listeners.some((listener) => listener.name === name)
  }

  /** A path cannot be shared as a port can (SO_REUSEPORT): unix sockets are the first worker's. */
  #configFor({ place }: Line, config: Config): Config {
    const listeners = config.listeners.filter(({ address }) => place === 0 || address.kind === 'tcp')
    return { ...config, listeners }
  }

  #inTurn<Value>(task: () => Promise<Value>): Promise<Value> {
    const done = this.#turn.then(task)
    this.#turn = done.catch(() => {})
    return done
  }

  #checkRunning(): void {
    if (this.#isStopping) throw new MillraceError('wrong-state', 'this proxy is draining')
  }
}

export function addDrains(results: readonly DrainResult[]): DrainResult {
  const total = { finished: 0, closed: 0, cut: 0 }
  for (const { finished, closed, cut } of results) {
    total.finished += finished
    total.closed += closed
    total.cut += cut
  }
  return results.some(({ cancelled }) => cancelled) ? { ...total, cancelled: true } : total
}
