/**
 * What workers have to know: the present config, operators' orders, and the keys of TLS tickets. It is told to each when
 * it comes, and to all when it changes: a config in all or in none.
 */
import type { Config } from '../../config/schema.js'
import { MillraceError } from '../../errors.js'
import type { Log } from '../../observe/log/log.js'
import { Catalogue, type ListenerEntry } from '../../proxy/catalogue/catalogue.js'
import { TicketKeys } from '../../tls/ticket-keys.js'
import { LOOK_WITHIN_MS, ORDER_WITHIN_MS, problemOf, silence } from '../slots/serving-workers.js'
import type { WorkerChannel } from '../slots/worker-channel.js'
import type { Assigned } from '../sockets/shared-ports.js'
import type { Sockets } from '../sockets/sockets.js'
import { Orders } from './orders.js'

/** Certificates are read, listeners opened (ms). */
const PREPARE_WITHIN_MS = 10_000

export class DesiredState {
  /** What exists for all of them. */
  readonly catalogue: Catalogue
  readonly orders: Orders
  readonly #tickets = new TicketKeys()
  readonly #log: Log
  readonly #sockets: Sockets
  #present: Assigned
  #version = 0

  constructor(config: Config, sockets: Sockets, log: Log) {
    this.#present = { loaded: config, config }
    this.catalogue = new Catalogue(config)
    this.orders = new Orders(this.catalogue)
    this.#sockets = sockets
    this.#log = log
  }

  get present(): Assigned {
    return this.#present
  }

  /** What workers come to know that are not there yet. */
  begin(assigned: Assigned): void {
    this.#present = assigned
    this.catalogue.reload(assigned.config)
  }

  /** Whether a worker has the listener that is asked for, if any is. */
  hasListener({ slot }: WorkerChannel, name: string | undefined): boolean {
    if (name === undefined) return true
    const listener = this.catalogue.listeners.get(name)
    return listener !== undefined && isFor(slot, listener)
  }

  /** What a worker begins with. */
  greet(channel: WorkerChannel): void {
    channel.version = this.#version
    channel.revision = this.orders.revision
    const config = this.#configFor(channel)
    this.#sockets.give(channel, config)
    const ticketKeys = this.#tickets.texts
    channel.send({ kind: 'start', config, orders: this.orders.callsFor(config), ticketKeys })
  }

  /** Every hour. Workers that join later get the keys when they are greeted. */
  rotateTicketKeys(channels: readonly WorkerChannel[]): void {
    this.#tickets.rotate()
    for (const channel of channels) channel.send({ kind: 'ticketKeys', ticketKeys: this.#tickets.texts })
  }

  /** What has happened since it was greeted. Rejects where it cannot be told. */
  async update(channel: WorkerChannel): Promise<void> {
    const missed = this.#version - channel.version
    // The configs between may have ended orders that it would keep. Whoever comes in its place begins with the present one.
    if (missed > 1) throw new MillraceError('wrong-state', `${missed} configs were taken up while it started`)
    if (missed > 0) {
      await this.#prepare([channel], this.#present.config)
      await this.#takeUpIn(channel)
    }
    while (channel.revision !== this.orders.revision) await this.#repeatOrders(channel)
  }

  /** Rejects where one of them cannot use it: then it is used by none. `decided` is called as soon as all will use it. */
  async change(channels: readonly WorkerChannel[], next: Assigned, decided: () => void): Promise<void> {
    await this.#prepare(channels, next.config)
    this.orders.reloaded(this.#present.config, next.config)
    this.#present = next
    this.#version++
    decided()
    await Promise.all(channels.map((channel) => this.#takeUpIn(channel)))
  }

  /** Who is known to be stuck is not waited for. */
  async #prepare(channels: readonly WorkerChannel[], config: Config): Promise<void> {
    const stuck = channels.filter(({ isSilent }) => isSilent)
    if (stuck.length > 0) throw silence(stuck)
    const outcomes = await Promise.all(
      channels.map((channel) => {
        const its = this.#configFor(channel, config)
        this.#sockets.give(channel, its)
        return channel.ask({ method: 'prepare', args: [its] }, PREPARE_WITHIN_MS)
      }),
    )
    const problem = problemOf(channels, outcomes)
    if (problem === undefined) return
    await Promise.all(channels.map((channel) => channel.ask({ method: 'giveUp', args: [] }, LOOK_WITHIN_MS)))
    throw problem
  }

  /** What it has got ready it will use, even where that takes it a while; who cannot makes room for one who can. */
  async #takeUpIn(channel: WorkerChannel): Promise<void> {
    channel.version = this.#version
    const outcome = await channel.ask({ method: 'takeUp', args: [] }, ORDER_WITHIN_MS)
    if (outcome.kind === 'silent') {
      this.#log.error({ worker: channel.slot }, 'a worker has not taken the config up yet')
    } else if (outcome.kind === 'error') {
      const err = outcome.error
      this.#log.error({ worker: channel.slot, err }, 'a worker could not take the config up: it is ended')
      channel.kill('SIGKILL')
    }
  }

  async #repeatOrders(channel: WorkerChannel): Promise<void> {
    channel.revision = this.orders.revision
    const calls = this.orders.callsFor(this.#configFor(channel))
    // A drain is answered when it is done, which nobody waits for.
    for (const call of calls) if (call.method === 'drain') void channel.ask(call)
    const others = calls.filter(({ method }) => method !== 'drain')
    const outcomes = await Promise.all(others.map((call) => channel.ask(call, ORDER_WITHIN_MS)))
    const problem = outcomes
      .map((outcome) => problemOf([channel], [outcome]))
      .find((each) => each !== undefined)
    if (problem !== undefined) throw problem
  }

  #configFor({ slot }: WorkerChannel, config = this.#present.config): Config {
    return { ...config, listeners: config.listeners.filter((listener) => isFor(slot, listener)) }
  }
}

/** Unix sockets are the first worker's. */
const isFor = (slot: number, { address }: Pick<ListenerEntry, 'address'>): boolean =>
  slot === 0 || address.kind === 'tcp'
