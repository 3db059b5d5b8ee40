/**
 * The clusters of a proxy by name, which follow its catalogue: those that exist, and those a reload has taken out, which
 * live on for their connections and keep their counts. One that returns is the one it was.
 */
import type { Backend } from '../cluster/backend.js'
import type { Cluster } from '../cluster/cluster.js'
import { forgetLongestGone } from '../cluster/left.js'
import type { BackendOptions } from '../cluster/members.js'
import { checkNames, unknownName } from '../control/names.js'
import type { BackendChange } from '../control/orders.js'
import type { Catalogue } from './catalogue/catalogue.js'
import type { Source } from './catalogue/catalogue-entries.js'
import type { Generation } from './generations/generation.js'

/** What clusters are made of. */
type Configured = Pick<Generation, 'config' | 'destinations'>

export class Clusters {
  readonly #catalogue: Catalogue
  #config: Configured['config']
  #present: ReadonlyMap<string, Cluster>
  /** Who left first comes first. */
  readonly #left = new Map<string, Cluster>()

  constructor(catalogue: Catalogue, generation: Configured) {
    this.#catalogue = catalogue
    this.#config = generation.config
    this.#present = clustersOf(generation)
  }

  /** Whether it is in the config or was. */
  get(name: string): Cluster | undefined {
    return this.#present.get(name) ?? this.#left.get(name)
  }

  get present(): readonly Cluster[] {
    return [...this.#present.values()]
  }

  get left(): readonly Cluster[] {
    return [...this.#left.values()]
  }

  start(): void {
    for (const cluster of this.present) cluster.start()
  }

  stop(): void {
    for (const cluster of [...this.present, ...this.left]) cluster.stop()
  }

  /** Those of another config, with what the catalogue has for each. */
  update(generation: Configured): void {
    const before = this.#present
    this.#config = generation.config
    this.#present = clustersOf(generation)
    for (const [name, cluster] of this.#present) {
      if (this.#left.delete(name) || before.has(name)) this.#refresh(cluster)
      else cluster.start()
    }
    for (const [name, cluster] of before) {
      if (this.#present.has(name)) continue
      cluster.retire()
      this.#left.set(name, cluster)
    }
    forgetLongestGone(this.#left, ({ isInUse }) => isInUse)
  }

  /** Another source than the config has these backends for a cluster from now on. No reload takes them away. */
  provide(name: string, source: Exclude<Source, 'config'>, backends: readonly BackendOptions[]): void {
    this.#catalogue.provide(name, source, backends)
    const cluster = this.#present.get(name)
    if (cluster !== undefined) this.#refresh(cluster)
  }

  /** An operator sets a backend. @throws MillraceError `unknown-name` */
  set(cluster: string, backend: string, change: BackendChange): Backend {
    this.#catalogue.forgetUnused()
    checkNames({ cluster, backend }, this.#catalogue.names)
    const found = this.get(cluster)?.backend(backend)
    if (found === undefined) throw unknownName('backend', backend)
    this.#set(cluster, found, change)
    return found
  }

  /** No connection joins this backend, or any of the cluster, from now on. */
  close(name: string, backend: string | undefined): void {
    const cluster = this.get(name)
    for (const closed of this.#catalogue.close(name, backend)) {
      const found = cluster?.backend(closed)
      if (found !== undefined) found.setTo = 'drain'
    }
  }

  #set(cluster: string, backend: Backend, change: BackendChange): void {
    this.#catalogue.set(cluster, backend.name, change)
    backend.weight = change.weight ?? backend.weight
    backend.setTo = change.state ?? backend.setTo
  }

  #refresh(cluster: Cluster): void {
    const { balance } = this.#config.clusters[cluster.name]!
    cluster.update({ balance, backends: [...this.#catalogue.backends(cluster.name)!.given] })
  }
}

const clustersOf = ({ destinations }: Configured): ReadonlyMap<string, Cluster> =>
  new Map(Array.from(destinations, ([name, { cluster }]) => [name, cluster]))
