/**
 * Loads other configs, one after the other. It first does everything that can fail, then what cannot. A
 * config that cannot be used changes nothing.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Candidate, ChangeCandidate } from '../../config/changes/changing-config.js'
import { changesBetween, needingRestart } from '../../config/changes/differences.js'
import { takeUp } from '../../config/changes/take-up.js'
import type { Config } from '../../config/schema.js'
import { workerCount } from '../../config/worker-count.js'
import type { Changed, Reloaded } from '../../control/answers.js'
import { timesOf } from '../../control/drain-order.js'
import { unknownName } from '../../control/names.js'
import type { Listener } from '../../listener/listener.js'
import type { OpenLog } from '../../observe/log/log.js'
import type { ProxyStatus } from '../../observe/status.js'
import type { Acceptor } from '../acceptor.js'
import type { Catalogue } from '../catalogue/catalogue.js'
import type { Clusters } from '../clusters.js'
import type { Connections } from '../connections.js'
import type { ConnectionLog } from '../reporting/connection-log.js'
import type { ProxyCounters } from '../reporting/proxy-counters.js'
import { createGeneration, exchange, type Generation, type Prepared, type SharedParts } from './generation.js'
import type { Generations } from './generations.js'
import { changedBy, countChanges, tellChanges, tellReload } from './run-time-changes.js'

export interface ReloaderOptions {
  readonly shared: SharedParts
  readonly openLog: OpenLog
  readonly generations: Generations
  readonly catalogue: Catalogue
  readonly clusters: Clusters
  readonly counters: ProxyCounters
  readonly connectionLog: ConnectionLog
  readonly connections: Connections
  readonly acceptor: Acceptor
  /** Throws `wrong-state` if the proxy does not run. */
  checkRunning(): void
}

export class Reloader {
  readonly #options: ReloaderOptions
  readonly #startedWith: Config
  #counts = { loadedAt: new Date().toISOString(), reloads: 0, failedReloads: 0 }
  #reloading: Promise<unknown> = Promise.resolve()

  constructor(options: ReloaderOptions) {
    this.#options = options
    this.#startedWith = options.generations.config
  }

  /** Changes at run time are known to the process around this proxy. */
  counts(): ProxyStatus['config'] {
    return { ...this.#counts, ...countChanges(undefined) }
  }

  /**
   * Opens the listeners of the first config, after its lists, because they say who may come in. Calls `failed` if that fails. No
   * reload begins before all this is over, because it would open the same listeners.
   */
  async begin(checkRunning: () => void, failed: () => Promise<void>): Promise<void> {
    const begun = this.#open(checkRunning).catch(async (error) => {
      await failed()
      throw error
    })
    this.#reloading = begun.catch(() => {})
    await begun
  }

  /** Reloads run one after the other, because each compares itself with the result of the one before. */
  reloadWith(load: () => Candidate): Promise<Reloaded> {
    const reloaded = this.#reloading.then(async () => this.#reload(load()))
    this.#reloading = reloaded.catch(() => {
      this.#counts.failedReloads++
    })
    return reloaded
  }

  /** Takes up a config that an operator has changed, after the reloads before it. */
  changeWith(make: () => ChangeCandidate): Promise<Changed> {
    const changed = this.#reloading.then(async () => {
      const candidate = make()
      if (candidate.done.length > 0) await this.#takeUp(candidate)
      tellChanges(this.#options.openLog.log, candidate)
      return changedBy(candidate)
    })
    this.#reloading = changed.catch(() => {})
    return changed
  }

  /** Resolves when the reloads and changes that were ordered before are over. */
  async settled(): Promise<void> {
    await this.#reloading
  }

  /** Opens a listener that was drained, after the reloads before it. Rejects with `unknown-name` and `listen-failed`. */
  openListener(name: string): Promise<void> {
    const opened = this.#reloading.then(() => this.#openAgain(name))
    this.#reloading = opened.catch(() => {})
    return opened
  }

  async #openAgain(name: string): Promise<void> {
    const { generations, acceptor, connections, checkRunning } = this.#options
    const { services } = generations.present
    const found = [...services.values()].find((service) => service.name === name)
    if (found === undefined)
      throw unknownName(
        'listener',
        name,
        Array.from(services.values(), (service) => service.name),
      )
    const { listener } = found
    if (!listener.isDrained) return
    checkRunning()
    await acceptor.open(listener)
    connections.drains.spareListeners([listener], services)
  }

  /** Rejects if the config cannot be used, and then nothing has changed. Calls must not overlap. */
  async prepare(config: Config): Promise<Prepared> {
    const { generations, catalogue, shared, openLog, connections, checkRunning } = this.#options
    checkRunning()
    const after = createGeneration(config, generations.present, shared)
    if (!after.lists.isEmpty) await shared.limiting.lists.load(after.lists)
    checkRunning()
    const log = await openLog.prepare(config.log)
    generations.next = after
    catalogue.prepare(config)
    // Clients of new listeners come as soon as these are open. They count in the limits of this config.
    await shared.limiting.recount.prepare(config)
    const opened = await this.#openNew(after).catch((error) => {
      shared.limiting.recount.giveUp()
      log.abandon()
      throw error
    })
    return {
      takeUp: () => {
        try {
          checkRunning()
        } catch (error) {
          log.abandon()
          throw error
        }
        this.#commit(generations.present, after)
        log.take()
        connections.drains.spareListeners(opened, after.services)
      },
      giveUp: () => {
        log.abandon()
        shared.limiting.recount.giveUp()
        this.#giveUp(opened)
      },
    }
  }

  async #reload(candidate: Candidate): Promise<Reloaded> {
    const { generations, openLog } = this.#options
    const { config, fate } = candidate
    const changed = changesBetween(generations.config, config)
    const needsRestart = needingRestart(this.#startedWith, config)
    await this.#takeUp(candidate)
    this.#counts.reloads++
    this.#counts.loadedAt = new Date().toISOString()
    return tellReload(openLog.log, { changed, needsRestart, changes: fate })
  }

  #takeUp(candidate: Candidate): Promise<void> {
    return takeUp(candidate, async (config) => takeUpIfWanted(await this.prepare(config), candidate))
  }

  async #open(checkRunning: () => void): Promise<void> {
    const { generations, shared, acceptor } = this.#options
    const { lists } = generations.present
    if (!lists.isEmpty) {
      await shared.limiting.lists.load(lists)
      checkRunning()
    }
    shared.limiting.lists.takeUp(lists)
    await acceptor.openAll(checkRunning)
  }

  /** Opens all new listeners or none. Drained ones stay closed, also at another address. */
  async #openNew({ services }: Generation): Promise<readonly Listener[]> {
    const { acceptor, generations, checkRunning } = this.#options
    const { drained } = generations
    const opened: Listener[] = []
    try {
      for (const [listener, { name }] of services) {
        if (listener.isListening || drained.includes(name)) continue
        await acceptor.open(listener)
        opened.push(listener)
        checkRunning()
      }
      return opened
    } catch (error) {
      this.#giveUp(opened)
      throw error
    }
  }

  /**
   * Closes the listeners again. Clients that came meanwhile are drained, as if their listener had left the
   * config.
   */
  #giveUp(opened: readonly Listener[]): void {
    for (const listener of opened) {
      if (this.#options.generations.present.services.has(listener)) listener.close()
      else this.#dismiss(listener, [])
    }
  }

  /** Nothing in here may fail. */
  #commit(before: Generation, after: Generation): void {
    const { generations, connectionLog, catalogue, clusters, counters, shared } = this.#options
    const { drained } = generations
    generations.present = after
    for (const name of drained) generations.drain(name)
    // Clients that wait in the queue of a cluster may get places as soon as the clusters change.
    shared.limiting.takeUp(after.config)
    connectionLog.update(after.config.log)
    shared.engine.limitPipes({ ...after.config, workers: workerCount(after.config) })
    catalogue.reload(after.config)
    if (!isDeepStrictEqual(before.config.names, after.config.names))
      shared.names.configure(after.config.names)
    clusters.update(after)
    counters.takeUp(after, catalogue, clusters)
    shared.limiting.lists.takeUp(after.lists)
    exchange(before, after, shared.log)
    const names = Array.from(after.services.values(), ({ name }) => name)
    for (const listener of before.services.keys()) {
      if (!after.services.has(listener)) this.#dismiss(listener, names)
    }
  }

  /**
   * Closes the listener. Connections whose listener name is gone too are drained in the background. Others go
   * on.
   */
  #dismiss(listener: Listener, stayingNames: readonly string[]): void {
    const { connections, generations } = this.#options
    listener.close()
    const itsOwn = connections.all().filter(({ service }) => service.listener === listener)
    for (const name of new Set(itsOwn.map(({ service }) => service.name))) {
      if (stayingNames.includes(name)) continue
      const leaving = itsOwn.filter(({ service }) => service.name === name)
      const times = timesOf({}, generations.config.timeouts.drainMs)
      void connections.drains.run({ listener: name }, leaving, times)
    }
  }
}

function takeUpIfWanted({ takeUp, giveUp }: Prepared, candidate: Candidate): void {
  try {
    candidate.checkWanted?.()
  } catch (error) {
    giveUp()
    throw error
  }
  takeUp()
}
