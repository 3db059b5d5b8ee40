/** Reloads the config for all workers: they prepare it, and then all use it, or all give it up. */
import type { Config } from '../config/schema.js'
import type { Reloaded } from '../control/answers.js'
import type { Engine } from '../io/engine.js'
import type { OpenLog } from '../observe/log/log.js'
import { changesBetween, needingRestart } from '../proxy/generations/changes.js'
import type { Surroundings } from '../proxy/proxy-control.js'
import type { ServingWorkers } from './slots/serving-workers.js'
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
      return await this.#takeUp()
    } catch (error) {
      this.counts.failedReloads++
      this.#host.openLog.log.error({ err: error }, 'the reload failed: the old config stays')
      throw error
    }
  }

  async #takeUp(): Promise<Reloaded> {
    const { surroundings, desired, engine, openLog, startedWith } = this.#host
    const loaded = surroundings.load()
    this.#host.checkRunning()
    const before = desired.present.loaded
    const next = await assignPorts(loaded, desired.present, engine)
    const log = await openLog.prepare(loaded.log)
    // From then on an operator's order about the log stays in force.
    await this.#change(next, () => log.take()).catch((error) => {
      log.abandon()
      throw error
    })
    this.counts.reloads++
    this.counts.loadedAt = new Date().toISOString()
    const changed = changesBetween(before, loaded)
    const needsRestart = needingRestart(startedWith, loaded)
    openLog.log.info({ changed, needsRestart }, 'config reloaded')
    return { changed, needsRestart }
  }

  /** Opens new sockets first. Closes old ones when no worker accepts from them any more. */
  async #change(next: Assigned, decided: () => void): Promise<void> {
    const { desired, serving, loans, table } = this.#host
    const sockets = await this.#host.sockets.prepare(next.config)
    await desired.change(serving.channels, next, decided).catch((error) => {
      sockets.giveUp()
      throw error
    })
    sockets.takeUp()
    table.takeUp(next.config)
    loans.renew()
  }
}
