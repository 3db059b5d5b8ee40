/**
 * The live clusters of a proxy by name. They follow its catalogue: clusters that exist, and clusters that a
 * reload took out. The latter live on for their connections and keep their counts. A cluster that returns is
 * the same object.
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

/** The parts of a generation from which clusters are made. */
type Configured = Pick<Generation, 'config' | 'destinations'>

export class Clusters {
  readonly #catalogue: Catalogue
  #config: Configured['config']
  #present: ReadonlyMap<string, Cluster>
  /** In the order in which they left. */
  readonly #left = new Map<string, Cluster>()

  constructor(catalogue: Catalogue, generation: Configured) {
    this.#catalogue = catalogue
    this.#config = generation.config
    this.#present = clustersOf(generation)
  }

  /** A cluster that is or was in the config. */
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

  /** Takes the clusters of another config, with the backends that the catalogue has for each. */
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

  /**
   * From now on a source other than the config gives these backends for a cluster. No reload takes them away.
   */
  provide(name: string, source: Exclude<Source, 'config'>, backends: readonly BackendOptions[]): void {
    this.#catalogue.provide(name, source, backends)
    const cluster = this.#present.get(name)
    if (cluster !== undefined) this.#refresh(cluster)
  }

  /**
   * An operator sets a backend.
   *
   * @throws MillraceError `unknown-name`
   */
  set(cluster: string, backend: string, change: BackendChange): Backend {
    this.#catalogue.forgetUnused()
    checkNames({ cluster, backend }, this.#catalogue.names)
    const found = this.get(cluster)?.backend(backend)
    if (found === undefined) throw unknownName('backend', backend)
    this.#set(cluster, found, change)
    return found
  }

  /** From now on no connection goes to this backend, or to any backend of the cluster. */
  close(name: string, backend: string | undefined): void {
    const cluster = this.get(name)
    for (const closed of this.#catalogue.close(name, backend)) {
      const found = cluster?.backend(closed)
      found?.set(found.weight, 'drain')
    }
  }

  #set(cluster: string, backend: Backend, change: BackendChange): void {
    this.#catalogue.set(cluster, backend.name, change)
    backend.set(change.weight ?? backend.weight, change.state ?? backend.setTo)
  }

  #refresh(cluster: Cluster): void {
    const options = this.#config.clusters[cluster.name]!
    cluster.update({ ...options, backends: [...this.#catalogue.backends(cluster.name)!.given] })
  }
}

const clustersOf = ({ destinations }: Configured): ReadonlyMap<string, Cluster> =>
  new Map(Array.from(destinations, ([name, { cluster }]) => [name, cluster]))
