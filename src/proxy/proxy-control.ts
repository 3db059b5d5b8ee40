/**
 * What an operator can see and do with one proxy in this process.
 */
import type { BackendStatus } from '../cluster/backend.js'
import type { Candidate, ChangingConfig } from '../config/changes/changing-config.js'
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
import type { Control } from '../control/control.js'
import { isEverything } from '../control/drain-order.js'
import { changedListener } from '../control/listener-order.js'
import type {
  BackendChange,
  BanOrder,
  BanQuery,
  ChangeOrder,
  ConnectionFilter,
  ConnectionQuery,
  DrainOrder,
  HoldOrder,
  ListenerChange,
  RateOrder,
  SourceQuery,
  UnbanOrder,
} from '../control/orders.js'
import { upgradeBy } from '../control/upgrade.js'
import type { ProxyStatus } from '../observe/status.js'
import { Grace } from './drains/grace.js'
import {
  candidateOf,
  countChanges,
  differenceOf,
  drainRemoved,
  drainsAfter,
} from './generations/run-time-changes.js'
import { staying } from './hand-over/staying.js'
import { ConnectionWatch } from './reporting/connection-watch.js'
import type { RunningProxy } from './running-proxy.js'

/** The process around a proxy. */
export interface Surroundings {
  /** Reads the config again. Throws what `loadConfigFile` throws, and `wrong-state` if there is no file. */
  load(): Candidate
  /** The config that operators can change. Undefined: another program or process has it. */
  readonly changing?: ChangingConfig | undefined
  /** Opens the log files again. */
  reopenLogs(): Promise<void>
  /** Called when a reload begins. `ended` settles when the new config or the old one holds. */
  reloading?(ended: Promise<unknown>): void
  /** Called when the proxy begins to end. It may be called again. */
  stopping?(): void
  /** Lets a new process serve. Undefined: this process cannot hand over. */
  upgrade?(): Promise<Upgraded>
  /** Called when the proxy is drained and the process has nothing left to do. */
  ended(): void
}

export class ProxyControl implements Control {
  readonly #proxy: RunningProxy
  readonly #surroundings: Surroundings
  readonly #watch: ConnectionWatch
  readonly #grace = new Grace()

  constructor(proxy: RunningProxy, surroundings: Surroundings) {
    this.#proxy = proxy
    this.#surroundings = surroundings
    this.#watch = new ConnectionWatch(proxy)
  }

  async status(): Promise<ProxyStatus> {
    const status = this.#proxy.status()
    return { ...status, config: { ...status.config, ...countChanges(this.#surroundings.changing) } }
  }

  async readiness(): Promise<Readiness> {
    return this.#grace.readiness ?? this.#proxy.readiness()
  }

  async connections(query: ConnectionQuery): Promise<ConnectionList> {
    return this.#watch.list(query)
  }

  async sources(query: SourceQuery): Promise<SourceList> {
    return this.#proxy.sources(query)
  }

  async kill(filter: ConnectionFilter): Promise<Killed> {
    const matching = this.#watch.matching(filter)
    for (const connection of matching) connection.end('killed')
    return { killed: (await staying(matching)).length }
  }

  async limit(id: string, order: RateOrder): Promise<Limited> {
    await staying(this.#watch.matching({ ids: [id] }))
    this.#proxy.limit(id, order)
    return { id }
  }

  async drain(order: DrainOrder): Promise<DrainResult> {
    const { log } = this.#proxy
    log.info(order, 'draining')
    const isAwaited = order.deadlineMs !== undefined
    const { left, done } = this.#proxy.beginDrain(isAwaited ? order : { ...order, deadlineMs: 0 })
    if (isEverything(order)) this.#surroundings.stopping?.()
    const told = done.then((result) => {
      log.info({ ...order, ...result }, 'drained')
      if (this.#proxy.state === 'stopped') this.#surroundings.ended()
      return result
    })
    if (isAwaited) return told
    told.catch((err: unknown) => log.error({ err }, 'the drain failed'))
    return { finished: 0, closed: 0, cut: 0, left }
  }

  async end(): Promise<DrainResult> {
    const { log } = this.#proxy
    if (this.#proxy.readiness().isReady) {
      this.#surroundings.stopping?.()
      await this.#grace.pass(this.#proxy.config.timeouts.graceMs, log)
    }
    return this.drain({ deadlineMs: this.#proxy.config.timeouts.drainMs })
  }

  async changeBackend(cluster: string, backend: string, change: BackendChange): Promise<BackendStatus> {
    const found = this.#proxy.clusters.set(cluster, backend, change)
    const { drainMs } = this.#proxy.config.timeouts
    if (change.state === 'maint') void this.drain({ cluster, backend, deadlineMs: drainMs })
    else if (change.state !== undefined) this.#proxy.drains.spareBackend(found)
    return found.status(performance.now())
  }

  async changeListener(listener: string, { state }: ListenerChange): Promise<ChangedListener> {
    if (state === 'up') await this.#proxy.reloader.openListener(listener)
    else await this.drain({ listener })
    return changedListener(listener, this.#proxy.status())
  }

  async failback(cluster: string): Promise<ServingTier> {
    return this.#proxy.failback(cluster)
  }

  async bans(query: BanQuery): Promise<BanList> {
    return this.#proxy.limiting.bans.list(query)
  }

  async ban(order: BanOrder): Promise<Banned> {
    return this.#proxy.limiting.bans.ban(order, this.#proxy.connections())
  }

  async unban(order: UnbanOrder): Promise<Unbanned> {
    return this.#proxy.limiting.bans.unban(order)
  }

  async hold(order: HoldOrder): Promise<Held> {
    return this.#proxy.holds.hold(order)
  }

  async release(cluster: string): Promise<Released> {
    return this.#proxy.holds.release(cluster)
  }

  async setLogLevel(level: LogLevel): Promise<{ readonly level: LogLevel }> {
    this.#proxy.log.level = level
    return { level }
  }

  async reopenLogs(): Promise<void> {
    await this.#surroundings.reopenLogs()
  }

  async upgrade(): Promise<Upgraded> {
    return upgradeBy(this.#surroundings.upgrade)
  }

  async change(order: ChangeOrder): Promise<Changed> {
    const { changing } = this.#surroundings
    const changed = await this.#proxy.reloader.changeWith(() => candidateOf(changing, order))
    const { config, log } = this.#proxy
    drainRemoved(drainsAfter(order, config.timeouts.drainMs), (each) => this.drain(each), log)
    return changed
  }

  async difference(): Promise<Difference> {
    return differenceOf(this.#surroundings.changing)
  }

  /** A failure is also logged, because after SIGHUP nobody waits for the answer. */
  async reload(): Promise<Reloaded> {
    const reloaded = this.#proxy.reloadWith(() => this.#surroundings.load())
    this.#surroundings.reloading?.(reloaded)
    try {
      return await reloaded
    } catch (error) {
      this.#proxy.log.error({ err: error }, 'the reload failed: the old config stays')
      throw error
    }
  }
}
