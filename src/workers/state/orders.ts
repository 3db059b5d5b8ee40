/**
 * The operators' orders that still hold, for workers that come later: the settings of backends, which the
 * catalogue keeps, drained listeners, and the level of the log. An order ends here when it would end in a
 * worker that has it. Pure.
 */

import type { Config } from '../../config/schema.js'
import type { LogLevel } from '../../config/schemas/log-schema.js'
import type { BackendChange, DrainOrder, HoldOrder } from '../../control/orders.js'
import type { Catalogue } from '../../proxy/catalogue/catalogue.js'
import type { ControlCall } from '../messages.js'

export class Orders {
  readonly #catalogue: Catalogue
  #revision = 0
  #level: LogLevel | undefined
  /** Until when clusters are held, in ms since 1970. */
  readonly #heldUntil = new Map<string, number>()
  /** By listener. */
  readonly #drained = new Map<string, DrainOrder>()
  /** Listeners that were opened after a drain. A worker that is starting may know only the drain. */
  readonly #opened = new Set<string>()

  constructor(catalogue: Catalogue) {
    this.#catalogue = catalogue
  }

  /** Changes with every order. */
  get revision(): number {
    return this.#revision
  }

  setLogLevel(level: LogLevel): void {
    this.#revision++
    this.#level = level
  }

  changeBackend(cluster: string, backend: string, change: BackendChange): void {
    this.#revision++
    this.#catalogue.set(cluster, backend, change)
  }

  hold({ cluster, maxMs }: HoldOrder): void {
    this.#revision++
    this.#heldUntil.set(cluster, Date.now() + maxMs)
  }

  /** Returns whether the cluster was held. */
  release(cluster: string): boolean {
    this.#revision++
    const until = this.#heldUntil.get(cluster)
    this.#heldUntil.delete(cluster)
    return until !== undefined && until > Date.now()
  }

  /** Records the drain of a part of the proxy. */
  drain(order: DrainOrder): void {
    const { listener, cluster, backend } = order
    this.#revision++
    if (listener !== undefined) {
      this.#drained.set(listener, order)
      this.#opened.delete(listener)
    }
    if (cluster === undefined) return
    this.#catalogue.close(cluster, backend)
  }

  /** Ends the drain of a listener. Returns its order. Undefined: it is not drained. */
  openListener(listener: string): DrainOrder | undefined {
    const order = this.#drained.get(listener)
    if (order === undefined) return undefined
    this.#revision++
    this.#drained.delete(listener)
    this.#opened.add(listener)
    return order
  }

  /** What the config has changed ends, and what is about something that has left it. */
  reloaded(before: Config, after: Config): void {
    const names = new Set(after.listeners.map(({ name }) => name))
    for (const name of this.#drained.keys()) if (!names.has(name)) this.#drained.delete(name)
    for (const name of this.#opened) if (!names.has(name)) this.#opened.delete(name)
    for (const cluster of this.#heldUntil.keys())
      if (!Object.hasOwn(after.clusters, cluster)) this.#heldUntil.delete(cluster)
    if (before.log.level !== after.log.level) this.#level = undefined
    this.#catalogue.reload(after)
  }

  /** How long each cluster is still held, in ms. */
  holds(): { readonly cluster: string; readonly maxMs: number }[] {
    const now = Date.now()
    return Array.from(this.#heldUntil, ([cluster, until]) => ({ cluster, maxMs: until - now })).filter(
      ({ maxMs }) => maxMs > 0,
    )
  }

  /** The names of drained listeners. */
  get drained(): readonly string[] {
    return [...this.#drained.keys()]
  }

  /** The config without drained listeners. */
  withoutDrained(config: Config): Config {
    return { ...config, listeners: config.listeners.filter(({ name }) => !this.#drained.has(name)) }
  }

  /** All orders that hold, for a worker that knows none of them and has these listeners. */
  callsFor({ listeners }: Pick<Config, 'listeners'>): ControlCall[] {
    const drained = listeners.flatMap(({ name }) => this.#drained.get(name) ?? [])
    const drains = drained.map((order): ControlCall => ({ method: 'drain', args: [order] }))
    const opened = listeners.flatMap(({ name }) => (this.#opened.has(name) ? name : []))
    const opens = opened.map(
      (name): ControlCall => ({ method: 'changeListener', args: [name, { state: 'up' }] }),
    )
    const level: ControlCall[] =
      this.#level === undefined ? [] : [{ method: 'setLogLevel', args: [this.#level] }]
    return [...this.#settings(), ...this.#holds(), ...drains, ...opens, ...level]
  }

  /** Connections that an order drains are those that were there when it came. */
  *#holds(): Iterable<ControlCall> {
    for (const hold of this.holds()) yield { method: 'hold', args: [hold] }
  }

  *#settings(): Iterable<ControlCall> {
    for (const { name: cluster } of this.#catalogue.clusters.given) {
      for (const { name, ordered } of this.#catalogue.backends(cluster)!.given) {
        if (ordered !== undefined) yield { method: 'changeBackend', args: [cluster, name, ordered] }
      }
    }
  }
}
