/**
 * The clusters of a proxy by name: those of the present config, and those a reload has taken out of it, which live on
 * for their connections and keep their counts. One that returns is the one it was.
 */
import type { Cluster, ClusterOptions } from '../cluster/cluster.js'
import { forgetLongestGone } from '../cluster/left.js'
import type { Destination } from '../connection/service.js'

type Destinations = ReadonlyMap<string, Destination>

export class Clusters {
  #present: ReadonlyMap<string, Cluster>
  /** Who left first comes first. */
  readonly #left = new Map<string, Cluster>()

  constructor(destinations: Destinations) {
    this.#present = clustersOf(destinations)
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

  /** Those of another config, which says how each is to be. */
  update(destinations: Destinations, options: Readonly<Record<string, ClusterOptions>>): void {
    const before = this.#present
    this.#present = clustersOf(destinations)
    for (const [name, cluster] of this.#present) {
      if (this.#left.delete(name) || before.has(name)) cluster.update(options[name]!)
      else cluster.start()
    }
    for (const [name, cluster] of before) {
      if (this.#present.has(name)) continue
      cluster.retire()
      this.#left.set(name, cluster)
    }
    forgetLongestGone(this.#left, ({ isInUse }) => isInUse)
  }
}

const clustersOf = (destinations: Destinations): ReadonlyMap<string, Cluster> =>
  new Map(Array.from(destinations, ([name, { cluster }]) => [name, cluster]))
