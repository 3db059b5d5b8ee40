/** What the counters of a proxy need to know of a config, its listeners and its clusters. Types only. */
import type { Backend } from '../../cluster/backend.js'
import type { ClusterQueue } from '../../cluster/queue/cluster-queue.js'
import type { Config } from '../../config/schema.js'
import type { CountedListener } from '../../observe/counts/listener-meter.js'

/** A config, and its listeners in the same order. */
export interface Countable {
  readonly config: Pick<Config, 'listeners' | 'clusters' | 'limits'>
  readonly services: ReadonlyMap<CountedListener, unknown>
}

export interface CountedCluster {
  readonly name: string
  readonly via: string | undefined
  readonly servingTier: number | undefined
  /** Undefined: nobody can wait. */
  readonly queue?: Pick<ClusterQueue, 'length' | 'longestWaitMs' | 'heldMs' | 'waitingFor'>
  readonly backends: readonly Backend[]
  /** Backends that no source gives any more. They stay for their connections and for their counts. */
  readonly left: readonly Backend[]
}

export interface CountedClusters {
  readonly present: readonly CountedCluster[]
  /** Clusters that are no longer in the config. */
  readonly left: readonly CountedCluster[]
}
