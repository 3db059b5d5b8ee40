/**
 * What an operator can see and do with several workers, as if they were one proxy. It asks all workers and
 * puts their answers together.
 */
import { Snapshot } from '../admin/snapshot.js'
import type { BackendStatus } from '../cluster/backend.js'
import type { LogLevel } from '../config/schemas/log-schema.js'
import type {
  BanList,
  Banned,
  Changed,
  ChangedListener,
  ConnectionList,
  Difference,
  DrainResult,
  Held,
  Killed,
  Limited,
  Readiness,
  Released,
  Reloaded,
  ServingTier,
  SourceList,
  Unbanned,
  Upgraded,
} from '../control/answers.js'
import { mergeConnections } from '../control/connection-order.js'
import type { Control } from '../control/control.js'
import { checkScope, isEverything, timesOf } from '../control/drain-order.js'
import { goesBackByItself } from '../control/failback.js'
import { checkHold, isNotHeld } from '../control/hold-order.js'
import { changedListener } from '../control/listener-order.js'
import { checkNames, hasNames, type Named, namesIn, unknownName } from '../control/names.js'
import {
  type BackendChange,
  type BanOrder,
  type BanQuery,
  type ChangeOrder,
  type ConnectionFilter,
  type ConnectionQuery,
  type DrainOrder,
  type HoldOrder,
  type ListenerChange,
  MOST_LISTED,
  type RateOrder,
  type SourceQuery,
  type UnbanOrder,
} from '../control/orders.js'
import { mergeSources } from '../control/source-order.js'
import { upgradeBy } from '../control/upgrade.js'
import { asValues, mergeValues } from '../observe/counts/merge.js'
import type { ProxyStatus } from '../observe/status.js'
import { Grace } from '../proxy/drains/grace.js'
import { differenceOf, drainRemoved, drainsAfter } from '../proxy/generations/run-time-changes.js'
import { BACKEND_STATE } from '../status/cluster.js'
import { addDrains } from './drain-results.js'
import type { Call } from './messages.js'
import { ORDER_WITHIN_MS } from './slots/serving-workers.js'
import type { WorkerChannel } from './slots/worker-channel.js'
import type { Supervisor } from './supervisor.js'

export class WorkersControl implements Control {
  readonly #supervisor: Supervisor
  readonly #grace = new Grace()
  /**
   * Anybody may ask for this, so the workers are asked once at a time. Those who ask meanwhile get the same
   * answer.
   */
  readonly #readiness = new Snapshot(0, () => this.#lookAtReadiness())

  constructor(supervisor: Supervisor) {
    this.#supervisor = supervisor
  }

  status(): Promise<ProxyStatus> {
    return this.#supervisor.status()
  }

  /**
   * Ready means that every worker that is wanted exists and answers, that none lacks file descriptors for its clients, and that
   * one of them is ready itself. The others may have no open listener: a unix socket belongs to one worker, and operators
   * drain listeners.
   */
  async readiness(): Promise<Readiness> {
    if (this.#supervisor.isStopping) return unready('draining')
    return this.#grace.readiness ?? this.#readiness.get()
  }

  async #lookAtReadiness(): Promise<Readiness> {
    const { serving, wanted } = this.#supervisor
    const seen = await serving.look<Readiness>({ method: 'readiness', args: [] })
    if (seen.length < wanted) return unready(`${seen.length} of ${wanted} workers serve`)
    const silent = seen.find(({ value }) => value === undefined)
    if (silent !== undefined) return unready(`worker ${silent.channel.slot} does not answer`)
    const answers = seen.map(({ value }) => value!)
    return answers.find(({ isShort }) => isShort) ?? answers.find(({ isReady }) => isReady) ?? answers[0]!
  }

  async connections(query: ConnectionQuery): Promise<ConnectionList> {
    const seen = await this.#supervisor.serving.look<ConnectionList>({ method: 'connections', args: [query] })
    return mergeConnections(
      seen.flatMap(({ value }) => value ?? []),
      query,
    )
  }

  /** Workers that do not count together list as many as they can: the source that has most may be small in each of them. */
  async sources(query: SourceQuery): Promise<SourceList> {
    const { serving } = this.#supervisor
    const call: Call = { method: 'sources', args: [{ ...query, limit: MOST_LISTED }] }
    return mergeSources(await serving.order<SourceList>(() => call, ORDER_WITHIN_MS), query)
  }

  async kill(filter: ConnectionFilter): Promise<Killed> {
    const { serving } = this.#supervisor
    const call: Call = { method: 'kill', args: [filter] }
    const answers = await serving.order<Killed>(() => call, ORDER_WITHIN_MS)
    return { killed: sum(answers.map(({ killed }) => killed)) }
  }

  /** A worker that does not know the connection answers nothing. */
  async limit(id: string, order: RateOrder): Promise<Limited> {
    const call: Call = { method: 'limit', args: [id, order] }
    const answers = await this.#supervisor.serving.order<Limited | undefined>(() => call, ORDER_WITHIN_MS)
    if (answers.every((answer) => answer === undefined)) throw unknownName('connection', id)
    return { id }
  }

  async drain(order: DrainOrder): Promise<DrainResult> {
    timesOf(order, this.#supervisor.config.timeouts.drainMs)
    checkScope(order)
    if (isEverything(order)) return this.#supervisor.end(order)
    await this.#checkNames(order)
    // The listeners that are drained after a reload must be the same in all workers and here.
    const { results } = await this.#supervisor.inTurn(async () => this.#beginDrain(order))
    const drained = await results
    this.#readiness.forget()
    return addDrains(order, drained)
  }

  /** Tells the order to every worker that it concerns. */
  #beginDrain(order: DrainOrder): { results: Promise<DrainResult[]> } {
    const { serving, config, desired, sockets } = this.#supervisor
    const { deadlineMs } = order
    const isGiven = desired.catalogue.gives(order)
    if (isGiven) desired.orders.drain(order)
    if (isGiven && order.listener !== undefined) sockets.drain(order.listener, config)
    this.#readiness.forget()
    const call: Call = { method: 'drain', args: [order] }
    const withinMs = deadlineMs === 0 ? undefined : (deadlineMs ?? 0) + ORDER_WITHIN_MS
    const isAsked = (channel: WorkerChannel): boolean =>
      isGiven ? desired.hasListener(channel, order.listener) : hasNamed(channel, order)
    const results = serving.order<DrainResult>((channel) => (isAsked(channel) ? call : undefined), withinMs)
    return { results }
  }

  async end(): Promise<DrainResult> {
    const { config, isServing, log, surroundings } = this.#supervisor
    if (isServing) {
      surroundings.stopping?.()
      await this.#grace.pass(config.timeouts.graceMs, log)
    }
    return this.drain({ deadlineMs: this.#supervisor.config.timeouts.drainMs })
  }

  async changeBackend(cluster: string, backend: string, change: BackendChange): Promise<BackendStatus> {
    const { serving, desired } = this.#supervisor
    await this.#checkNames({ cluster, backend })
    desired.orders.changeBackend(cluster, backend, change)
    desired.health.follow()
    const call: Call = { method: 'changeBackend', args: [cluster, backend, change] }
    await serving.order<BackendStatus>(() => call, ORDER_WITHIN_MS)
    const told = await this.status()
    checkNames({ cluster, backend }, namesIn(told))
    const { backends } = told.clusters.find(({ name }) => name === cluster)!
    const found = backends.find(({ address }) => address === backend)!
    return mergeValues(BACKEND_STATE, [asValues(found)]) as unknown as BackendStatus
  }

  async changeListener(listener: string, { state }: ListenerChange): Promise<ChangedListener> {
    await this.#checkNames({ listener })
    const { reloader } = this.#supervisor
    if (state === 'up') await this.#supervisor.inTurn(() => reloader.openListener(listener))
    else await this.drain({ listener })
    this.#readiness.forget()
    return changedListener(listener, await this.status())
  }

  /** Only workers know what is leaving, and what they discovered themselves. */
  async #checkNames(named: Named): Promise<void> {
    if (this.#supervisor.desired.catalogue.gives(named)) return
    checkNames(named, namesIn(await this.status()))
  }

  /** A status that is asked for after the order comes after it. */
  async failback(cluster: string): Promise<ServingTier> {
    const { config, desired } = this.#supervisor
    await this.#checkNames({ cluster })
    if (config.clusters[cluster]?.health.failback === 'auto') throw goesBackByItself(cluster)
    desired.health.failback(cluster)
    const told = await this.status()
    const { servingTier } = told.clusters.find(({ name }) => name === cluster) ?? {}
    return { cluster, servingTier }
  }

  /** Workers tell what they have seen before they answer. A worker that does not answer is left out. */
  async bans(query: BanQuery): Promise<BanList> {
    await this.#supervisor.serving.look({ method: 'bans', args: [{}] })
    return this.#supervisor.desired.bans.list(query)
  }

  /** When it resolves, no worker lets these clients in any more. */
  async ban(order: BanOrder): Promise<Banned> {
    const { matching, ...banned } = this.#supervisor.desired.bans.ban(order)
    if (order.end) return { ...banned, ...(await this.kill({ client: matching })) }
    await this.#bansAreKnown()
    return banned
  }

  async unban(order: UnbanOrder): Promise<Unbanned> {
    const unbanned = this.#supervisor.desired.bans.unban(order)
    await this.#bansAreKnown()
    return unbanned
  }

  /** A worker hears of bans before it answers. Rejects with `worker-silent`. */
  async #bansAreKnown(): Promise<void> {
    await this.#supervisor.serving.order(() => ({ method: 'bans', args: [{}] }), ORDER_WITHIN_MS)
  }

  async hold(order: HoldOrder): Promise<Held> {
    const { cluster } = order
    const { serving, desired } = this.#supervisor
    checkHold(order)
    await this.#checkNames({ cluster })
    desired.orders.hold(order)
    const answers = await serving.order<Held>(() => ({ method: 'hold', args: [order] }), ORDER_WITHIN_MS)
    return { cluster, connections: sum(answers.map(({ connections }) => connections)) }
  }

  /** A worker that came in between may not hold the cluster. */
  async release(cluster: string): Promise<Released> {
    const { serving, desired } = this.#supervisor
    await this.#checkNames({ cluster })
    if (!desired.orders.release(cluster)) throw isNotHeld(cluster)
    const answers = await serving.order<Released>(
      () => ({ method: 'release', args: [cluster] }),
      ORDER_WITHIN_MS,
    )
    return { cluster, waited: sum(answers.map(({ waited }) => waited)) }
  }

  async setLogLevel(level: LogLevel): Promise<{ readonly level: LogLevel }> {
    const { serving, log, desired } = this.#supervisor
    log.level = level
    desired.orders.setLogLevel(level)
    await serving.order(() => ({ method: 'setLogLevel', args: [level] }), ORDER_WITHIN_MS)
    return { level }
  }

  async reopenLogs(): Promise<void> {
    const { serving, surroundings } = this.#supervisor
    await surroundings.reopenLogs()
    await serving.order(() => ({ method: 'reopenLogs', args: [] }), ORDER_WITHIN_MS)
  }

  reload(): Promise<Reloaded> {
    return this.#supervisor.reload()
  }

  async change(order: ChangeOrder): Promise<Changed> {
    const { reloader, config, log } = this.#supervisor
    const changed = await this.#supervisor.inTurn(() => reloader.change(order))
    drainRemoved(drainsAfter(order, config.timeouts.drainMs), (each) => this.drain(each), log)
    return changed
  }

  async difference(): Promise<Difference> {
    return differenceOf(this.#supervisor.surroundings.changing)
  }

  async upgrade(): Promise<Upgraded> {
    return upgradeBy(this.#supervisor.surroundings.upgrade)
  }
}

const unready = (why: string): Readiness => ({ isReady: false, why })

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)

/** By the worker's last figures. */
const hasNamed = ({ last }: WorkerChannel, named: Named): boolean =>
  last !== undefined && hasNames(named, namesIn(last))
