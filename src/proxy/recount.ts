/**
 * Has connections that are there take places in limits that a reload adds, even if there are none, and give back places in limits
 * that it removes. So a new limit counts all connections, and lets nobody in before enough of them have ended. Workers take up a
 * config one after the other. So each of them counts its connections when it prepares the config, before any of them takes it up.
 */
import { setImmediate } from 'node:timers/promises'
import type { Config } from '../config/schema.js'
import type { Connection } from '../connection/connection.js'
import type { CountedClient } from '../connection/opening/admit.js'
import { Claim } from '../limits/claim.js'
import type { Limit, LimitPlan } from '../limits/limit.js'
import type { Limiter } from '../limits/limiter.js'
import { LimitPlans } from './limit-plans.js'

/** While a config is prepared, a recount pauses for others after this long (ms). */
const LONGEST_PART_MS = 2

export class Recount {
  readonly #limiter: Limiter
  readonly #connections: () => readonly Connection[]
  #present: LimitPlans
  /** A config that is prepared. */
  #next: LimitPlans | undefined

  constructor(config: Config, limiter: Limiter, connections: () => readonly Connection[]) {
    this.#present = new LimitPlans(config)
    this.#limiter = limiter
    this.#connections = connections
  }

  /** The present limits of a connection of this listener. */
  planOfListener(name: string): LimitPlan | undefined {
    return this.#present.ofListener(name)
  }

  /** This config may be taken up next. From now on connections count in its limits, too. Clients go on meanwhile. */
  async prepare(config: Config): Promise<void> {
    const next = new LimitPlans(config)
    this.#next = next
    if (next.keys.size === 0) return
    let began = performance.now()
    for (const connection of this.#connections()) {
      const hasEnded = connection.sweepIndex < 0
      if (!hasEnded) this.#recountOne(connection, connection.hasEntered, [this.#present, next])
      if (performance.now() - began < LONGEST_PART_MS) continue
      await setImmediate()
      began = performance.now()
    }
  }

  /** The config that was prepared is not taken up. */
  giveUp(): void {
    const isNeeded = this.#next !== undefined && this.#next.keys.size > 0
    this.#next = undefined
    if (isNeeded) this.#recount(this.#present)
  }

  /** The config that was prepared is the present one now. */
  takeUp(): void {
    if (this.#next === undefined) return
    const isNeeded = this.#present.keys.size + this.#next.keys.size > 0
    this.#present = this.#next
    this.#next = undefined
    if (isNeeded) this.#recount(this.#present)
  }

  /** The connection has places in present limits. `hasEntered`: those of its cluster are among them. */
  counted(connection: Connection, hasEntered: boolean): void {
    if (this.#next !== undefined) this.#recountOne(connection, hasEntered, [this.#present, this.#next])
  }

  /** The connection comes from another process. It gets its places even if there are none. */
  resumed(connection: Connection): void {
    this.#recountOne(
      connection,
      true,
      this.#next === undefined ? [this.#present] : [this.#present, this.#next],
    )
  }

  #recount(config: LimitPlans): void {
    for (const connection of this.#connections())
      this.#recountOne(connection, connection.hasEntered, [config])
  }

  #recountOne(connection: Connection, hasEntered: boolean, configs: readonly LimitPlans[]): void {
    const { service, cluster, countedClient: client } = connection
    const limits: Limit[] = []
    const add = (plan: LimitPlan | undefined, isEntered: boolean): void => {
      for (const limit of plan?.all.list ?? [])
        if (!limits.some(({ key }) => key === limit.key) && this.#isHeld(limit, connection, isEntered))
          limits.push(limit)
    }
    for (const plans of configs) {
      add(plans.ofListener(service.name), true)
      if (cluster !== undefined) add(plans.ofCluster(cluster), hasEntered)
    }
    if (limits.length === 0 && connection.claim === undefined) return
    connection.claim ??= new Claim()
    this.#limiter.recount(connection.claim, limits, client === 'exempt' ? undefined : client)
  }

  /**
   * Whether the connection holds a place in this limit from now on. A connection that came beyond a limit in a dry run has no
   * place in it, and gets none.
   */
  #isHeld({ key, perSource, policy }: Limit, connection: Connection, isEntered: boolean): boolean {
    if (connection.claim?.holds(key) === true) return true
    if (!isEntered || connection.isRefused) return false
    if (policy.dryRun && this.#present.keys.has(key)) return false
    return perSource === undefined || isSource(connection.countedClient)
  }
}

const isSource = (client: CountedClient): boolean =>
  typeof client === 'object' ? client.kind === 'tcp' : client !== 'exempt'
