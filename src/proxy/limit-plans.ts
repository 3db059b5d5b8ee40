/** The limits of one config: of each listener, of each cluster, and all of them. Pure. */
import type { ClusterConfig, Config } from '../config/schema.js'
import type { ListenerConfig } from '../config/schemas/listener-schema.js'
import { type Limit, type LimitPlan, planOf } from '../limits/limit.js'
import { PROCESS, scopeOfCluster, scopeOfListener, scopesOf } from '../limits/scope.js'

export const planOfListener = ({ name, limits }: ListenerConfig, config: Config): LimitPlan | undefined =>
  planOf([scopeOfListener(name), limits], [PROCESS, config.limits])

export const planOfCluster = (
  name: string,
  { limits }: Pick<ClusterConfig, 'limits'>,
): LimitPlan | undefined => planOf([scopeOfCluster(name), limits])

/** Every limit of a config. */
export const limitsOf = (config: Config): readonly Limit[] =>
  scopesOf(config).flatMap((scope) => planOf(scope)?.all.list ?? [])

/** The limits of one config by name. A connection may have come under another config. */
export class LimitPlans {
  readonly #listeners: ReadonlyMap<string, LimitPlan | undefined>
  readonly #clusters: ReadonlyMap<string, LimitPlan | undefined>
  /** Those of the whole proxy. */
  readonly #process: LimitPlan | undefined
  /** Every limit. */
  readonly list: readonly Limit[]
  /** The keys of all limits. */
  readonly keys: ReadonlySet<string>

  constructor(config: Config) {
    this.#listeners = new Map(config.listeners.map((each) => [each.name, planOfListener(each, config)]))
    const clusters = Object.entries(config.clusters)
    this.#clusters = new Map(clusters.map(([name, each]) => [name, planOfCluster(name, each)]))
    this.#process = planOf([PROCESS, config.limits])
    this.list = limitsOf(config)
    this.keys = new Set(this.list.map(({ key }) => key))
  }

  hasListener(name: string): boolean {
    return this.#listeners.has(name)
  }

  /** A listener that is not in the config has the limits of the whole proxy. */
  ofListener(name: string): LimitPlan | undefined {
    return this.hasListener(name) ? this.#listeners.get(name) : this.#process
  }

  ofCluster(name: string): LimitPlan | undefined {
    return this.#clusters.get(name)
  }
}
