/**
 * What exists, by name, as plain data: listeners, clusters and their backends, each with its origin and
 * whether it is leaving. Every name in an order is looked up here. It needs only a config, so a process that
 * serves no clients can have one too. It knows no sockets and no counts. What left the config stays known
 * while `look` says that it is in use.
 */
import type { Address } from '../../address.js'
import type { BackendOptions } from '../../cluster/members.js'
import type { Config } from '../../config/schema.js'
import type { Named, Names } from '../../control/names.js'
import type { BackendChange } from '../../control/orders.js'
import { BackendEntries, type BackendEntry } from './catalogue-backends.js'
import { Entries, type Entry, type Origin } from './catalogue-entries.js'

export interface ListenerEntry extends Entry {
  /** As in the config. */
  readonly address: Address
}

export type ClusterEntry = Entry

/** Whether an open connection uses this listener, cluster or backend. */
export type IsUsed = (named: Named) => boolean

const NOBODY_IS_CONNECTED: IsUsed = () => false

export class Catalogue {
  readonly listeners = new Entries<ListenerEntry>()
  readonly clusters = new Entries<ClusterEntry>()
  readonly #backends = new Map<string, BackendEntries>()
  readonly #look: () => IsUsed
  /** The listeners of a config that may be loaded. */
  #expected: readonly ListenerEntry[] = []

  /** `look` finds out what is in use at this moment. Default: nothing ever is. */
  constructor(config: Config, look = () => NOBODY_IS_CONNECTED) {
    this.#look = look
    this.reload(config)
  }

  /** Replaces what the config gives. What other origins give stays, and so does what operators have set. */
  reload(config: Config): void {
    this.listeners.replace(listenersOf(config))
    const clusters = new Map(Object.entries(config.clusters))
    this.clusters.replace(Array.from(clusters.keys(), (name) => ({ name, ...OF_THE_CONFIG })))
    for (const [name, { backends }] of clusters) this.#backendsOf(name).provide('config', backends)
    for (const [name, backends] of this.#backends) if (!clusters.has(name)) backends.retire()
    this.forgetUnused()
    this.#expected = []
  }

  /**
   * Clients may reach the listeners of this config before it is loaded. If it never is, those clients stay.
   */
  prepare(config: Config): void {
    this.forgetUnused()
    this.#expected = listenersOf(config)
  }

  /**
   * From now on an origin other than the config gives these backends for a cluster, and no others. Does
   * nothing if no config names the cluster, because everything found for a cluster goes with it.
   */
  provide(cluster: string, origin: Exclude<Origin, 'config'>, backends: readonly BackendOptions[]): void {
    if (this.clusters.get(cluster) !== undefined) this.#backendsOf(cluster).provide(origin, backends)
  }

  /**
   * An operator sets a backend, until its origin changes the same value or the backend leaves. Does nothing
   * if the backend is not known.
   */
  set(cluster: string, backend: string, change: BackendChange): void {
    this.#backends.get(cluster)?.set(backend, change)
  }

  /**
   * Sets one backend, or all of a cluster, to `drain`, so that it gets no new connections. A backend that is
   * out of service stays as it is. Returns the names of the backends that have changed.
   */
  close(cluster: string, backend: string | undefined): readonly string[] {
    const entries = this.backends(cluster)
    const named = backend === undefined ? [...(entries?.given ?? [])] : [entries?.find(backend)]
    const closed = named.flatMap((entry) => (entry?.setTo === 'up' ? entry.name : []))
    for (const name of closed) this.set(cluster, name, { state: 'drain' })
    return closed
  }

  /** Forgets what left and has lost its last connection. Callers do this before they look something up. */
  forgetUnused(): void {
    if (!this.#isAnyLeaving()) return
    const isUsed = this.#look()
    for (const each of this.#expected) if (isUsed({ listener: each.name })) this.listeners.leave(each)
    this.listeners.forgetLeaving((listener) => isUsed({ listener }))
    this.clusters.forgetLeaving((cluster) => isUsed({ cluster }))
    for (const [cluster, { entries }] of this.#backends) {
      entries.forgetLeaving((backend) => isUsed({ cluster, backend }))
      if (this.clusters.find(cluster) === undefined) this.#backends.delete(cluster)
    }
  }

  /** Undefined: the cluster is not known. */
  backends(cluster: string): Entries<BackendEntry> | undefined {
    return this.#backends.get(cluster)?.entries
  }

  /** Whether an origin gives everything that is named. What is only leaving does not count. */
  gives({ listener, cluster, backend }: Named): boolean {
    if (listener !== undefined && this.listeners.get(listener) === undefined) return false
    if (cluster === undefined) return true
    if (this.clusters.get(cluster) === undefined) return false
    return backend === undefined || this.backends(cluster)?.get(backend) !== undefined
  }

  get names(): Names {
    return {
      listeners: this.listeners.all.map(({ name }) => name),
      clusters: this.clusters.all.map(({ name }) => ({
        name,
        backends: this.#backendsOf(name).entries.all.map((backend) => backend.name),
      })),
    }
  }

  #isAnyLeaving(): boolean {
    if (this.#expected.length > 0 || this.listeners.areLeaving || this.clusters.areLeaving) return true
    for (const { entries } of this.#backends.values()) if (entries.areLeaving) return true
    return false
  }

  #backendsOf(cluster: string): BackendEntries {
    const known = this.#backends.get(cluster)
    if (known !== undefined) return known
    const backends = new BackendEntries()
    this.#backends.set(cluster, backends)
    return backends
  }
}

const OF_THE_CONFIG = { origin: 'config', isLeaving: false } as const

const listenersOf = ({ listeners }: Config): ListenerEntry[] =>
  listeners.map(({ name, address }) => ({ name, address, ...OF_THE_CONFIG }))
