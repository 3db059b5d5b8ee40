/**
 * What the names of backends mean, for all workers and for those that come later. The supervisor asks once for all of them. So
 * all workers have the same backends, and agree about tiers. If the supervisor says nothing any more, they keep what they know.
 */
import { isDeepStrictEqual } from 'node:util'
import { ClusterNames } from '../../cluster/names/cluster-names.js'
import { Endpoints } from '../../cluster/names/endpoints.js'
import {
  keyOf,
  type Meaning,
  type Name,
  type NameStatus,
  type Watching,
} from '../../cluster/names/provider.js'
import type { NamesSettings } from '../../cluster/names/settings.js'
import type { ToldName } from '../../cluster/names/told-names.js'
import type { Config } from '../../config/schema.js'
import type { Catalogue } from '../../proxy/catalogue/catalogue.js'
import type { Names } from '../../proxy/names.js'
import type { WorkerChannel } from '../slots/worker-channel.js'

export interface SharedNamesHost {
  readonly catalogue: Pick<Catalogue, 'provide'>
  /** All workers that were given a config. */
  workers(): readonly WorkerChannel[]
  /** A cluster has other backends now. The catalogue knows them. */
  found(): void
}

interface Watched {
  readonly name: Name
  readonly watching: Watching
}

export class SharedNames {
  /** Asks, and says what is known. */
  readonly provider: Names
  readonly #host: SharedNamesHost
  #settings: NamesSettings
  #watched = new Map<string, Watched>()
  /** Names that the config before had. Workers may still use it. */
  #leaving = new Map<string, Watched>()
  /** Of clusters that have expanded names, or had some. */
  readonly #clusters = new Map<string, ClusterNames>()

  constructor(provider: Names, settings: NamesSettings, host: SharedNamesHost) {
    this.provider = provider
    this.#settings = settings
    this.#host = host
  }

  /** Takes the names of a config that workers have or are about to take. Names of the config before are still told. */
  follow(config: Pick<Config, 'names' | 'clusters'>): void {
    if (!isDeepStrictEqual(config.names, this.#settings)) this.provider.configure(config.names)
    this.#settings = config.names
    const known = new Map([...this.#leaving, ...this.#watched])
    this.#watched = new Map(
      namesOf(config).map((name) => [keyOf(name), known.get(keyOf(name)) ?? this.#watch(name)]),
    )
    this.#leaving = new Map([...known].filter(([key]) => !this.#watched.has(key)))
    for (const [name, names] of this.#clusters)
      if (!Object.hasOwn(config.clusters, name)) this.#drop(name, names)
    for (const [name, { expansions }] of Object.entries(config.clusters))
      if (expansions.length > 0 || this.#clusters.has(name)) this.#namesOf(name).update([], expansions)
  }

  /** No worker uses the config before any more. */
  forget(): void {
    const gone = Array.from(this.#leaving.values(), ({ name, watching }): ToldName => {
      watching.stop()
      return { name, meaning: undefined }
    })
    this.#leaving.clear()
    if (gone.length > 0) this.#tell(gone)
  }

  /** What is known now, for a new worker. */
  greet(): ToldName[] {
    return Array.from(this.#watched.values(), ({ name, watching }) => ({ name, meaning: watching.meaning }))
  }

  status(): readonly NameStatus[] {
    return this.provider.status()
  }

  stop(): void {
    for (const names of this.#clusters.values()) names.stop()
    for (const { watching } of [...this.#watched.values(), ...this.#leaving.values()]) watching.stop()
    this.#watched.clear()
    this.#leaving.clear()
  }

  #watch(name: Name): Watched {
    return {
      name,
      watching: this.provider.watch(name, (meaning: Meaning) => this.#tell([{ name, meaning }])),
    }
  }

  #tell(names: readonly ToldName[]): void {
    for (const worker of this.#host.workers()) worker.send({ kind: 'names', names })
  }

  #namesOf(cluster: string): ClusterNames {
    const known = this.#clusters.get(cluster)
    if (known !== undefined) return known
    const names = new ClusterNames(this.provider, {
      found: (backends) => {
        this.#host.catalogue.provide(cluster, 'discovered', backends)
        this.#host.found()
      },
    })
    this.#clusters.set(cluster, names)
    return names
  }

  #drop(cluster: string, names: ClusterNames): void {
    names.stop()
    this.#clusters.delete(cluster)
  }
}

/** The names that the clusters of a config resolve, each once. */
function namesOf({ clusters }: Pick<Config, 'clusters'>): Name[] {
  const names = Object.values(clusters).flatMap(({ backends, expansions, dial, via }): Name[] => {
    // A forward proxy resolves the names of its backends.
    const resolved = via !== undefined ? [via] : dial !== undefined ? [] : backends
    const hosts = resolved.flatMap(({ address }) => new Endpoints(address).hostName ?? [])
    return [
      ...hosts.map((name): Name => ({ kind: 'host', name })),
      ...expansions.map(({ kind, name }): Name => ({ kind, name })),
    ]
  })
  return [...new Map(names.map((name) => [keyOf(name), name])).values()]
}
