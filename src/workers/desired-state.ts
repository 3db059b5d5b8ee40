/**
 * What workers have to know: the present config, operators' orders, and the keys of TLS tickets. It is told to each when
 * it comes, and to all when it changes: a config in all or in none.
 */
import type { Config } from '../config/schema.js'
import type { Log } from '../observe/log.js'
import { TicketKeys } from '../tls/ticket-keys.js'
import { LOOK_WITHIN_MS, ORDER_WITHIN_MS, problemOf, silence } from './crew.js'
import type { Line } from './line.js'
import { Orders } from './orders.js'
import type { Assigned } from './shared-ports.js'
import type { Sockets } from './sockets.js'

/** Certificates are read, listeners opened (ms). */
const PREPARE_WITHIN_MS = 10_000

export class Briefing {
  readonly orders = new Orders()
  readonly #tickets = new TicketKeys()
  readonly #log: Log
  readonly #sockets: Sockets
  #present: Assigned
  #version = 0

  constructor(config: Config, sockets: Sockets, log: Log) {
    this.#present = { loaded: config, config }
    this.#sockets = sockets
    this.#log = log
  }

  get present(): Assigned {
    return this.#present
  }

  /** What workers come to know that are not there yet. */
  begin(assigned: Assigned): void {
    this.#present = assigned
  }

  /** Whether a worker has the listener that is asked for, if any is. */
  hasListener(line: Line, name: string | undefined): boolean {
    return name === undefined || this.#configFor(line).listeners.some((listener) => listener.name === name)
  }

  /** What a worker begins with. */
  greet(line: Line): void {
    line.version = this.#version
    line.revision = this.orders.revision
    const config = this.#configFor(line)
    this.#sockets.give(line, config)
    const ticketKeys = this.#tickets.texts
    line.send({ kind: 'start', config, orders: this.orders.callsFor(config), ticketKeys })
  }

  /** Every hour. Workers that join later get the keys when they are greeted. */
  rotateTicketKeys(lines: readonly Line[]): void {
    this.#tickets.rotate()
    for (const line of lines) line.send({ kind: 'ticketKeys', ticketKeys: this.#tickets.texts })
  }

  /** What has happened since it was greeted. Rejects where it cannot be told. */
  async update(line: Line): Promise<void> {
    if (line.version !== this.#version) {
      await this.#prepare([line], this.#present.config)
      await this.#takeUpIn(line)
    }
    while (line.revision !== this.orders.revision) await this.#repeatOrders(line)
  }

  /** Rejects where one of them cannot use it: then it is used by none. */
  async change(lines: readonly Line[], next: Assigned): Promise<void> {
    await this.#prepare(lines, next.config)
    this.orders.reloaded(this.#present.loaded, next.loaded)
    this.#present = next
    this.#version++
    await Promise.all(lines.map((line) => this.#takeUpIn(line)))
  }

  /** Who is known to be stuck is not waited for. */
  async #prepare(lines: readonly Line[], config: Config): Promise<void> {
    const stuck = lines.filter(({ isSilent }) => isSilent)
    if (stuck.length > 0) throw silence(stuck)
    const outcomes = await Promise.all(
      lines.map((line) => {
        const its = this.#configFor(line, config)
        this.#sockets.give(line, its)
        return line.ask({ method: 'prepare', args: [its] }, PREPARE_WITHIN_MS)
      }),
    )
    const problem = problemOf(lines, outcomes)
    if (problem === undefined) return
    await Promise.all(lines.map((line) => line.ask({ method: 'giveUp', args: [] }, LOOK_WITHIN_MS)))
    throw problem
  }

  /** What it has got ready it will use, even where that takes it a while; who cannot makes room for one who can. */
  async #takeUpIn(line: Line): Promise<void> {
    line.version = this.#version
    const outcome = await line.ask({ method: 'takeUp', args: [] }, ORDER_WITHIN_MS)
    if (outcome.kind === 'silent') {
      this.#log.error({ worker: line.place }, 'a worker has not taken the config up yet')
    } else if (outcome.kind === 'error') {
      const err = outcome.error
      this.#log.error({ worker: line.place, err }, 'a worker could not take the config up: it is ended')
      line.kill('SIGKILL')
    }
  }

  async #repeatOrders(line: Line): Promise<void> {
    line.revision = this.orders.revision
    const calls = this.orders.callsFor(this.#configFor(line))
    // A drain is answered when it is done, which nobody waits for.
    for (const call of calls) if (call.method === 'drain') void line.ask(call)
    const others = calls.filter(({ method }) => method !== 'drain')
    const outcomes = await Promise.all(others.map((call) => line.ask(call, ORDER_WITHIN_MS)))
    const problem = outcomes.map((outcome) => problemOf([line], [outcome])).find((each) => each !== undefined)
    if (problem !== undefined) throw problem
  }

  /** Unix sockets are the first worker's. */
  #configFor({ place }: Line, config = this.#present.config): Config {
    const listeners = config.listeners.filter(({ address }) => place === 0 || address.kind === 'tcp')
    return { ...config, listeners }
  }
}
