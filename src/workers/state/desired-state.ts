/**
 * What workers must know: the present config, the operators' orders, the keys of TLS tickets, bans, and what other workers found. Each worker
 * gets it when it comes, and all get it when it changes. A config reaches all of them or none.
 */
import type { Config } from '../../config/schema.js'
import { MillraceError } from '../../errors.js'
import type { ConfigLists } from '../../limits/lists/config-lists.js'
import type { Log } from '../../observe/log/log.js'
import { Catalogue, type ListenerEntry } from '../../proxy/catalogue/catalogue.js'
import type { Names } from '../../proxy/names.js'
import { TicketKeys } from '../../tls/ticket-keys.js'
import type { CountsSeat } from '../messages.js'
import { LOOK_WITHIN_MS, ORDER_WITHIN_MS, problemOf, silence } from '../slots/serving-workers.js'
import type { WorkerChannel } from '../slots/worker-channel.js'
import type { Assigned } from '../sockets/shared-ports.js'
import type { Sockets } from '../sockets/sockets.js'
import { changedClusters, type ToldConfig } from '../told-config.js'
import { Orders } from './orders.js'
import { SharedBans } from './shared-bans.js'
import { SharedHealth, type SharedHealthHost } from './shared-health.js'
import { SharedLists } from './shared-lists.js'
import { SharedNames } from './shared-names.js'

/** The workers, and how the backends are checked for them. */
/** What it needs to know of workers, and how it learns what it tells them. */
export interface DesiredStateHost extends Pick<SharedHealthHost, 'workers' | 'serving' | 'probes'> {
  readonly names: Names
  /** Where the worker of a slot counts. */
  seatOf(slot: number): CountsSeat
}

/** ms to read certificates and open listeners. */
const PREPARE_WITHIN_MS = 10_000

export class DesiredState {
  /** What exists in all workers. */
  readonly catalogue: Catalogue
  readonly orders: Orders
  readonly health: SharedHealth
  readonly names: SharedNames
  readonly bans: SharedBans
  readonly lists: SharedLists
  readonly #tickets = new TicketKeys()
  readonly #log: Log
  readonly #sockets: Sockets
  readonly #seatOf: DesiredStateHost['seatOf']
  #present: Assigned
  #version = 0
  /** Workers accept nobody: another process is about to accept instead of them, or still does. */
  isPaused = false

  constructor(config: Config, sockets: Sockets, log: Log, host: DesiredStateHost) {
    this.#present = { loaded: config, config }
    this.catalogue = new Catalogue(config)
    this.orders = new Orders(this.catalogue)
    this.#sockets = sockets
    this.#seatOf = host.seatOf
    this.#log = log
    const { catalogue } = this
    this.health = new SharedHealth({
      ...host,
      log,
      catalogue,
      config: () => this.#present.config,
    })
    this.bans = new SharedBans({ log, config: () => this.#present.config, workers: host.workers })
    this.lists = new SharedLists(log, host.workers)
    this.names = new SharedNames(host.names, config.names, {
      catalogue,
      workers: host.workers,
      found: () => {
        // Addresses are used again. What was found out about an address is not true of whoever has it next.
        this.health.forget()
        this.health.follow()
      },
    })
  }

  get present(): Assigned {
    return this.#present
  }

  /** Sets what workers learn at their start. No worker runs yet. */
  begin(assigned: Assigned): void {
    this.#present = assigned
    this.catalogue.reload(assigned.config)
    this.names.follow(assigned.config)
    this.health.follow()
  }

  /** Asks and checks nobody any more. */
  stop(): void {
    this.names.stop()
    this.lists.stop()
    this.health.stop()
    this.bans.stop()
  }

  /** Whether a worker has the named listener. Undefined: no listener is named. */
  hasListener({ slot }: WorkerChannel, name: string | undefined): boolean {
    if (name === undefined) return true
    const listener = this.catalogue.listeners.get(name)
    return listener !== undefined && isFor(slot, listener)
  }

  /** Sends a new worker what it starts with. */
  greet(channel: WorkerChannel): void {
    channel.version = this.#version
    channel.revision = this.orders.revision
    const config = this.configFor(channel)
    this.#sockets.give(channel, config)
    this.lists.give(channel)
    const ticketKeys = this.#tickets.texts
    const orders = this.orders.callsFor(config)
    const [names, verdicts, bans] = [this.names.greet(), this.health.greet(), this.bans.greet()]
    const counts = this.#seatOf(channel.slot)
    const { isPaused } = this
    channel.send({ kind: 'start', config, orders, ticketKeys, names, verdicts, bans, counts, isPaused })
  }

  /** Called every hour. Workers that join later get the keys in `greet`. */
  rotateTicketKeys(channels: readonly WorkerChannel[]): void {
    this.#tickets.rotate()
    for (const channel of channels) channel.send({ kind: 'ticketKeys', ticketKeys: this.#tickets.texts })
  }

  get ticketKeys(): readonly string[] {
    return this.#tickets.texts
  }

  /** Goes on with the keys of another process. */
  takeTicketKeys(texts: readonly string[], channels: readonly WorkerChannel[]): void {
    this.#tickets.take(texts)
    for (const channel of channels) channel.send({ kind: 'ticketKeys', ticketKeys: texts })
  }

  /** Tells a worker what has changed since `greet`. Rejects if that fails. */
  async update(channel: WorkerChannel): Promise<void> {
    const missed = this.#version - channel.version
    // The configs in between may have ended orders that this worker would keep. Its successor begins with the
    // present config.
    if (missed > 1)
      throw new MillraceError('wrong-state', `${missed} configs were loaded while the worker started`)
    if (missed > 0) {
      await this.#prepare([channel], this.#present.config, undefined)
      await this.#takeUpIn(channel)
      this.health.caughtUp(channel)
    }
    while (channel.revision !== this.orders.revision) await this.#repeatOrders(channel)
  }

  /**
   * Rejects if a worker cannot use the config, and then no worker uses it. `decided` is called as soon as all
   * will use it.
   */
  async change(channels: readonly WorkerChannel[], next: Assigned, decided: () => void): Promise<void> {
    const lists = await this.lists.read(next.config)
    await this.#prepare(channels, next.config, lists, true)
    this.orders.reloaded(this.#present.config, next.config)
    this.#present = next
    this.#version++
    this.lists.takeUp(lists)
    this.names.follow(next.config)
    this.health.forget()
    this.bans.reloaded()
    decided()
    await Promise.all(channels.map((channel) => this.#takeUpIn(channel)))
    this.names.forget()
    this.health.reloaded(channels)
  }

  /**
   * Does not wait for a worker that is known to be stuck. `lists` undefined: those of the present config. `isNext`: the workers have
   * the present config.
   */
  async #prepare(
    channels: readonly WorkerChannel[],
    config: Config,
    lists: ConfigLists | undefined,
    isNext = false,
  ): Promise<void> {
    const stuck = channels.filter(({ isSilent }) => isSilent)
    if (stuck.length > 0) throw silence(stuck)
    const clusters = isNext ? changedClusters(this.#present.config, config) : undefined
    const outcomes = await Promise.all(
      channels.map((channel) => {
        const its = this.configFor(channel, config)
        this.#sockets.give(channel, its)
        this.lists.give(channel, lists)
        const told: ToldConfig =
          clusters === undefined ? { kind: 'whole', config: its } : { kind: 'clusters', clusters }
        return channel.ask({ method: 'prepare', args: [told] }, PREPARE_WITHIN_MS)
      }),
    )
    const problem = problemOf(channels, outcomes)
    if (problem === undefined) return
    await Promise.all(channels.map((channel) => channel.ask({ method: 'giveUp', args: [] }, LOOK_WITHIN_MS)))
    throw problem
  }

  /**
   * A worker uses what it has prepared, even if that takes a while. A worker that fails is killed, and
   * another takes its place.
   */
  async #takeUpIn(channel: WorkerChannel): Promise<void> {
    channel.version = this.#version
    const outcome = await channel.ask({ method: 'takeUp', args: [] }, ORDER_WITHIN_MS)
    if (outcome.kind === 'silent') {
      this.#log.error({ worker: channel.slot }, 'a worker has not loaded the config yet')
    } else if (outcome.kind === 'error') {
      const err = outcome.error
      this.#log.error(
        { worker: channel.slot, err },
        'a worker could not load the config: the supervisor kills it',
      )
      channel.kill()
    }
  }

  async #repeatOrders(channel: WorkerChannel): Promise<void> {
    channel.revision = this.orders.revision
    const config = this.configFor(channel)
    this.#sockets.give(channel, config)
    const calls = this.orders.callsFor(config)
    // The answer to a drain comes when it is done. Nothing waits for it here.
    for (const call of calls) if (call.method === 'drain') void channel.ask(call)
    const others = calls.filter(({ method }) => method !== 'drain')
    const outcomes = await Promise.all(others.map((call) => channel.ask(call, ORDER_WITHIN_MS)))
    const problem = outcomes
      .map((outcome) => problemOf([channel], [outcome]))
      .find((each) => each !== undefined)
    if (problem !== undefined) throw problem
  }

  /** What a worker has of it. */
  configFor({ slot }: WorkerChannel, config = this.#present.config): Config {
    return { ...config, listeners: config.listeners.filter((listener) => isFor(slot, listener)) }
  }
}

/** Unix sockets belong to the first worker. */
const isFor = (slot: number, { address }: Pick<ListenerEntry, 'address'>): boolean =>
  slot === 0 || address.kind === 'tcp'
