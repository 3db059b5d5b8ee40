/** Reloads the config for all workers: they prepare it, and then all use it, or all give it up. */
import type { Candidate } from '../config/changes/changing-config.js'
import { changesBetween, differOnlyInClusters, needingRestart } from '../config/changes/differences.js'
import { takeUp } from '../config/changes/take-up.js'
import type { Config } from '../config/schema.js'
import type { Changed, Reloaded } from '../control/answers.js'
import type { ChangeOrder } from '../control/orders.js'
import type { Engine } from '../io/engine.js'
import type { OpenLog } from '../observe/log/log.js'
import { candidateOf, changedBy, tellChanges, tellReload } from '../proxy/generations/run-time-changes.js'
import type { Surroundings } from '../proxy/proxy-control.js'
import type { Call } from './messages.js'
import { ORDER_WITHIN_MS, type ServingWorkers } from './slots/serving-workers.js'
import type { Loans } from './sockets/loans.js'
import { type Assigned, assignPorts } from './sockets/shared-ports.js'
import type { Sockets } from './sockets/sockets.js'
import type { DesiredState } from './state/desired-state.js'
import type { SharedTable } from './state/shared-table.js'

export interface ReloaderHost {
  readonly engine: Engine
  readonly startedWith: Config
  readonly openLog: OpenLog
  readonly surroundings: Surroundings
  readonly serving: ServingWorkers
  readonly desired: DesiredState
  readonly table: SharedTable
  readonly sockets: Sockets
  readonly loans: Loans
  /** @throws MillraceError `wrong-state` if the supervisor stops */
  checkRunning(): void
}

export class Reloader {
  /** As the status has it. */
  readonly counts = { loadedAt: new Date().toISOString(), reloads: 0, failedReloads: 0 }
  readonly #host: ReloaderHost

  constructor(host: ReloaderHost) {
    this.#host = host
  }

  /** Must not overlap with another reload or with a worker that joins. */
  async reload(): Promise<Reloaded> {
    try {
      return await this.#reload()
    } catch (error) {
      this.counts.failedReloads++
      this.#host.openLog.log.error({ err: error }, 'the reload failed: the old config stays')
      throw error
    }
  }

  /** The same rules hold as for a reload. */
  async change(order: ChangeOrder): Promise<Changed> {
    const candidate = candidateOf(this.#host.surroundings.changing, order)
    if (candidate.done.length > 0) await this.#takeUp(candidate)
    tellChanges(this.#host.openLog.log, candidate)
    return changedBy(candidate)
  }

  /** Opens a drained listener in all workers. The same rules hold. Rejects with `listen-failed`, and then it stays drained. */
  async openListener(name: string): Promise<void> {
    const { desired, serving, loans } = this.#host
    this.#host.checkRunning()
    const order = desired.orders.openListener(name)
    if (order === undefined) return
    const { config } = desired.present
    try {
      await this.#host.sockets.prepare(desired.orders.withoutDrained(config))
      for (const channel of serving.channels) this.#host.sockets.give(channel, desired.configFor(channel))
      const call: Call = { method: 'changeListener', args: [name, { state: 'up' }] }
      await serving.order(
        (channel) => (desired.hasListener(channel, name) ? call : undefined),
        ORDER_WITHIN_MS,
      )
      loans.renew()
    } catch (error) {
      desired.orders.drain(order)
      this.#host.sockets.drain(name, config)
      await serving.look({ method: 'drain', args: [order] })
      throw error
    }
  }

  async #reload(): Promise<Reloaded> {
    const { surroundings, desired, openLog, startedWith } = this.#host
    const candidate = surroundings.load()
    const { config, fate } = candidate
    const changed = changesBetween(desired.present.loaded, config)
    const needsRestart = needingRestart(startedWith, config)
    await this.#takeUp(candidate)
    this.counts.reloads++
    this.counts.loadedAt = new Date().toISOString()
    return tellReload(openLog.log, { changed, needsRestart, changes: fate })
  }

  #takeUp(candidate: Candidate): Promise<void> {
    return takeUp(candidate, (config) => this.#prepareAndTakeUp(config))
  }

  async #prepareAndTakeUp(loaded: Config): Promise<void> {
    const { desired, engine, openLog } = this.#host
    this.#host.checkRunning()
    const { present } = desired
    const next = differOnlyInClusters(present.loaded, loaded)
      ? { loaded, config: { ...loaded, listeners: present.config.listeners } }
      : await assignPorts(loaded, present, engine)
    const log = await openLog.prepare(loaded.log)
    // From then on an operator's order about the log stays in force.
    await this.#change(next, () => log.take()).catch((error) => {
      log.abandon()
      throw error
    })
  }

  /** Opens new sockets first. Closes old ones when no worker accepts from them any more. */
  async #change(next: Assigned, decided: () => void): Promise<void> {
    const { desired, serving, loans, table } = this.#host
    const sockets = await this.#host.sockets.prepare(desired.orders.withoutDrained(next.config))
    await desired.change(serving.channels, next, decided).catch((error) => {
      sockets.giveUp()
      throw error
    })
    sockets.takeUp()
    table.takeUp(next.config)
    loans.renew()
  }
}
