/**
 * What goes by a name in a proxy: what its config names, and what a reload has taken out of it that still counts.
 */
import type { Cluster } from '../cluster/cluster.js'
import type { Listener } from '../listener/listener.js'
import type { Clusters } from './clusters.js'
import type { Generation } from './generation.js'
import type { ProxyCounters } from './proxy-counters.js'

export class Names {
  readonly #generation: Generation
  readonly #clusters: Clusters
  readonly #counters: ProxyCounters

  constructor(generation: Generation, clusters: Clusters, counters: ProxyCounters) {
    this.#generation = generation
    this.#clusters = clusters
    this.#counters = counters
  }

  /** Of this name in the config; undefined where there is none. */
  listener(name: string): Listener | undefined {
    return [...this.#generation.services.values()].find((service) => service.name === name)?.listener
  }

  /** Whether a listener of this name is, or was lately, in the config. */
  knowsListener(name: string): boolean {
    return this.#counters.knows(name)
  }

  /** Of this name, whether it is in the config or was lately. */
  cluster(name: string): Cluster | undefined {
    return this.#clusters.get(name)
  }

  /** Of the config. */
  get listeners(): readonly string[] {
    return Array.from(this.#generation.services.values(), ({ name }) => name)
  }

  /** Of the config. */
  get clusters(): readonly string[] {
    return [...this.#generation.destinations.keys()]
  }
}
