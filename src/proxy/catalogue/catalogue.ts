/**
 * What exists, by name, as plain data: listeners, clusters and their backends, each with who has given it and whether it
 * is leaving. Whoever is given a name looks it up here. It is made of a config alone, so that one who serves nobody can
 * have it, too: it knows no sockets and no counts, and what left is known for as long as it is said to be used.
 */
import type { Address } from '../../address.js'
import type { BackendOptions } from '../../cluster/members.js'
import type { Config } from '../../config/schema.js'
import type { Named, Names } from '../../control/names.js'
import type { BackendChange } from '../../control/orders.js'
import { BackendEntries, type BackendEntry } from './catalogue-backends.js'
import { Entries, type Entry, type Source } from './catalogue-entries.js'

export interface ListenerEntry extends Entry {
  /** As configured. */
  readonly address: Address
}

export type ClusterEntry = Entry

/** Whether a connection that is not over has to do with this. */
export type IsUsed = (named: Named) => boolean

const NOBODY_IS_CONNECTED: IsUsed = () => false

export class Catalogue {
  readonly listeners = new Entries<ListenerEntry>()
  readonly clusters = new Entries<ClusterEntry>()
  readonly #backends = new Map<string, BackendEntries>()
  readonly #look: () => IsUsed
  /** Of a config that may be taken up. */
  #expected: readonly ListenerEntry[] = []

  /** `look`: finds out what is in use at this moment. Default: nothing ever is. */
  constructor(config: Config, look = () => NOBODY_IS_CONNECTED) {
    this.#look = look
    this.reload(config)
  }

  /** The config gives this from now on. What other sources give stays, and so does what operators have set. */
  reload(config: Config): void {
    this.listeners.replace(listenersOf(config))
    const clusters = new Map(Object.entries(config.clusters))
    this.clusters.replace(Array.from(clusters.keys(), (name) => ({ name, ...OF_THE_CONFIG })))
    for (const [name, { backends }] of clusters) this.#backendsOf(name).provide('config', backends)
    for (const [name, backends] of this.#backends) if (!clusters.has(name)) backends.retire()
    this.forgetUnused()
    this.#expected = []
  }

  /** Clients may come to the listeners of this config before it is taken up, and stay where it never is. */
  prepare(config: Config): void {
    this.forgetUnused()
    this.#expected = listenersOf(config)
  }

  /**
   * Another source than the config has these backends for a cluster, and no others, from now on. Nothing happens where no
   * config names the cluster: with it everything that was found for it is gone.
   */
  provide(cluster: string, source: Exclude<Source, 'config'>, backends: readonly BackendOptions[]): void {
    if (this.clusters.get(cluster) !== undefined) this.#backendsOf(cluster).provide(source, backends)
  }

  /** An operator sets a backend, until its source changes the same or it leaves. Where it is not known nothing happens. */
  set(cluster: string, backend: string, change: BackendChange): void {
    this.#backends.get(cluster)?.set(backend, change)
  }

  /**
   * A backend, or all of a cluster, that is up gets no new connections. One that is out of service stays so. Answers the
   * names of those that are another now.
   */
  close(cluster: string, backend: string | undefined): readonly string[] {
    const entries = this.backends(cluster)
    const named = backend === undefined ? [...(entries?.given ?? [])] : [entries?.find(backend)]
    const closed = named.flatMap((entry) => (entry?.setTo === 'up' ? entry.name : []))
    for (const name of closed) this.set(cluster, name, { state: 'drain' })
    return closed
  }

  /** What left is known until its last connection has ended. Whoever asks for it has it looked after first. */
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

  /** Undefined where the cluster is not known. */
  backends(cluster: string): Entries<BackendEntry> | undefined {
    return this.#backends.get(cluster)?.entries
  }

  /** Whether all that is named is given, not only leaving. */
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

const OF_THE_CONFIG = { source: 'config', isLeaving: false } as const

const listenersOf = ({ listeners }: Config): ListenerEntry[] =>
  listeners.map(({ name, address }) => ({ name, address, ...OF_THE_CONFIG }))
