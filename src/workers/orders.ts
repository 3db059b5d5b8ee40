/**
 * What operators have ordered that still holds, for workers that come later: the settings of backends, listeners that
 * are drained, the level of the log. An order is forgotten where a worker that had it would forget it. Pure.
 */
import { formatAddress } from '../address.js'
import type { LogLevel } from '../config/log-schema.js'
import type { Config } from '../config/schema.js'
import type { BackendChange, DrainOrder } from '../control/orders.js'
import type { ControlCall } from './messages.js'

interface Setting {
  readonly cluster: string
  readonly backend: string
  readonly change: BackendChange
}

export class Orders {
  #revision = 0
  #level: LogLevel | undefined
  /** By listener. */
  readonly #drained = new Map<string, DrainOrder>()
  /** By cluster and backend. */
  readonly #settings = new Map<string, Setting>()

  /** Another after every order. */
  get revision(): number {
    return this.#revision
  }

  setLogLevel(level: LogLevel): void {
    this.#revision++
    this.#level = level
  }

  changeBackend(cluster: string, backend: string, change: BackendChange): void {
    this.#revision++
    const key = keyOf(cluster, backend)
    const before = this.#settings.get(key)?.change
    this.#settings.set(key, { cluster, backend, change: { ...before, ...given(change) } })
  }

  /** Of a part. */
  drain(order: DrainOrder, config: Config): void {
    const { listener, cluster, backend } = order
    this.#revision++
    if (listener !== undefined) this.#drained.set(listener, order)
    if (cluster === undefined) return
    for (const name of backend === undefined ? backendsOf(config, cluster).keys() : [backend]) {
      this.changeBackend(cluster, name, { state: 'drain' })
    }
  }

  /** A reload opens every listener, and sets what the config has changed. */
  reloaded(before: Config, after: Config): void {
    this.#drained.clear()
    if (before.log.level !== after.log.level) this.#level = undefined
    for (const [key, { cluster, backend, change }] of this.#settings) {
      const weight = backendsOf(after, cluster).get(backend)
      if (weight === undefined) this.#settings.delete(key)
      else if (weight !== backendsOf(before, cluster).get(backend)) {
        this.#settings.set(key, { cluster, backend, change: { state: change.state } })
      }
    }
  }

  /** All that holds, for a worker of this config that knows none of it. */
  callsFor(config: Config): ControlCall[] {
    const isThere = ({ cluster, backend }: Setting): boolean => backendsOf(config, cluster).has(backend)
    const settings = [...this.#settings.values()].filter(isThere).map(
      ({ cluster, backend, change }): ControlCall => ({
        method: 'changeBackend',
        args: [cluster, backend, change],
      }),
    )
    const drained = config.listeners.flatMap(({ name }) => this.#drained.get(name) ?? [])
    const drains = drained.map((order): ControlCall => ({ method: 'drain', args: [order] }))
    const level: ControlCall[] =
      this.#level === undefined ? [] : [{ method: 'setLogLevel', args: [this.#level] }]
    return [...settings, ...drains, ...level]
  }
}

/** Weights by the backends' names. */
function backendsOf({ clusters }: Config, cluster: string): ReadonlyMap<string, number> {
  const backends = clusters[cluster]?.backends ?? []
  return new Map(backends.map(({ address, weight }) => [formatAddress(address), weight]))
}

const keyOf = (cluster: string, backend: string): string => `${cluster}\0${backend}`

function given({ state, weight }: BackendChange): BackendChange {
  return { ...(state !== undefined && { state }), ...(weight !== undefined && { weight }) }
}
