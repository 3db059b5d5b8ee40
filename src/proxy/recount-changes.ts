/**
 * What a recount changes for a connection. Connections that are alike have the same change, so it is computed once for all of
 * them: a reload has no time to compare the limits of each connection.
 */
import type { Connection } from '../connection/connection.js'
import type { CountedClient } from '../connection/opening/admit.js'
import { type Change, changeTo } from '../limits/change.js'
import { NO_LIMITS } from '../limits/claim.js'
import type { Limit, LimitPlan } from '../limits/limit.js'
import type { LimitPlans } from './limit-plans.js'

/** What is true for one connection. */
interface Facts {
  /** Its places in the limits of its cluster count. */
  readonly hasEntered: boolean
  readonly isRefused: boolean
  /** Its client counts as a source. */
  readonly isSource: boolean
}

export class RecountChanges {
  readonly #configs: readonly LimitPlans[]
  readonly #present: LimitPlans
  readonly #others: 'give-back' | 'keep-others'
  /** By the limits in which connections hold places now, then by what else is true for them. */
  readonly #known = new Map<readonly Limit[], Map<string, Change>>()

  /**
   * From now on connections hold places in the limits of all these configs. `present`: the config that holds. `others`: what
   * happens to places in other limits.
   */
  constructor(
    configs: readonly LimitPlans[],
    present: LimitPlans,
    others: 'give-back' | 'keep-others' = 'give-back',
  ) {
    this.#configs = configs
    this.#present = present
    this.#others = others
  }

  of(connection: Connection, hasEntered: boolean, client: CountedClient): Change {
    const facts = { hasEntered, isRefused: connection.isRefused, isSource: isSource(client) }
    const before = connection.claim?.limits ?? NO_LIMITS
    const changes = this.#known.get(before) ?? new Map<string, Change>()
    this.#known.set(before, changes)
    const key = keyOf(connection, facts)
    const known = changes.get(key)
    if (known !== undefined) return known
    const change = changeTo(this.#limitsOf(connection, before, facts), before)
    changes.set(key, change)
    return change
  }

  #limitsOf({ service, cluster }: Connection, before: readonly Limit[], facts: Facts): readonly Limit[] {
    const limits: Limit[] = []
    const add = (plan: LimitPlan | undefined, isEntered: boolean): void => {
      for (const limit of plan?.all.list ?? [])
        if (!hasKey(limits, limit.key) && this.#isHeld(limit, before, facts, isEntered)) limits.push(limit)
    }
    for (const plans of this.#configs) {
      add(plans.ofListener(service.name), true)
      if (cluster !== undefined) add(plans.ofCluster(cluster), facts.hasEntered)
    }
    if (this.#others === 'give-back') return limits
    return [...limits, ...before.filter(({ key }) => !hasKey(limits, key))]
  }

  /**
   * Whether the connection holds a place in this limit from now on. A connection that came beyond a limit in a dry run has no
   * place in it, and gets none.
   */
  #isHeld(
    { key, perSource, policy }: Limit,
    before: readonly Limit[],
    facts: Facts,
    isEntered: boolean,
  ): boolean {
    if (hasKey(before, key)) return true
    if (!isEntered || facts.isRefused) return false
    if (policy.dryRun && this.#present.keys.has(key)) return false
    return perSource === undefined || facts.isSource
  }
}

/** Names of clusters have no spaces. */
const keyOf = ({ service, cluster = '' }: Connection, { hasEntered, isRefused, isSource }: Facts): string =>
  `${hasEntered} ${isRefused} ${isSource} ${cluster} ${service.name}`

const hasKey = (limits: readonly Limit[], key: string): boolean => limits.some((limit) => limit.key === key)

const isSource = (client: CountedClient): boolean =>
  typeof client === 'object' ? client.kind === 'tcp' : client !== 'exempt'
