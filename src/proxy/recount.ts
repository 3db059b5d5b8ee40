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
import { RecountChanges } from './recount-changes.js'

/** A recount pauses for others after this long (ms). */
const LONGEST_PART_MS = 2
/** So many connections are counted before it looks at the clock. */
const LEAST_OF_PART = 64

export class Recount {
  readonly #limiter: Limiter
  readonly #connections: () => readonly Connection[]
  #present: LimitPlans
  /** A config that is prepared, and what it changes for connections. */
  #next: { readonly plans: LimitPlans; readonly changes: RecountChanges } | undefined
  /** The last recount that has begun. */
  #underWay: RecountChanges | undefined

  constructor(config: Config, limiter: Limiter, connections: () => readonly Connection[]) {
    this.#present = new LimitPlans(config)
    this.#limiter = limiter
    this.#connections = connections
  }

  /** All limits of the present config. */
  get limits(): readonly Limit[] {
    return this.#present.list
  }

  /** The limits of a connection of this listener: the present ones. If only the next config has the listener, those of that one. */
  planOfListener(name: string): LimitPlan | undefined {
    const isNew = !this.#present.hasListener(name) && this.#next?.plans.hasListener(name) === true
    return (isNew ? this.#next!.plans : this.#present).ofListener(name)
  }

  /** This config may be taken up next. From now on connections count in its limits, too. Clients go on meanwhile. */
  async prepare(config: Config): Promise<void> {
    const plans = new LimitPlans(config)
    const changes = new RecountChanges([this.#present, plans], this.#present)
    this.#next = { plans, changes }
    if (plans.list.length > 0) await this.#recount(changes)
  }

  /** The config that was prepared is not taken up. Its places are given back from now on. */
  giveUp(): void {
    this.#next = undefined
    void this.#recount(new RecountChanges([this.#present], this.#present))
  }

  /**
   * The config that was prepared is the present one now. Limits that it removes hold nobody back any more, so there is time to give
   * back their places.
   */
  takeUp(): void {
    if (this.#next === undefined) return
    const isNeeded = this.#present.list.length + this.#next.plans.list.length > 0
    this.#present = this.#next.plans
    this.#next = undefined
    if (!isNeeded) return
    const changes = new RecountChanges([this.#present], this.#present, 'keep-others')
    for (const connection of this.#connections())
      this.#recountOne(connection, changes, connection.hasEntered, connection.countedClient)
    void this.#recount(new RecountChanges([this.#present], this.#present))
  }

  /** The connection has taken places for this client. `hasEntered`: those of its cluster are among them. */
  counted(connection: Connection, hasEntered: boolean, client = connection.countedClient): void {
    if (this.#next !== undefined) this.#recountOne(connection, this.#next.changes, hasEntered, client)
  }

  /** The connection comes from another process, with its places. It gets those that it lacks even if there are none. */
  resumed(connection: Connection): void {
    const changes = this.#next?.changes ?? new RecountChanges([this.#present], this.#present)
    const { countedClient: client } = connection
    const change = changes.of(connection, true, client)
    if (change.limits.length === 0) return
    connection.claim = new Claim()
    this.#limiter.resume(connection.claim, change, client === 'exempt' ? undefined : client)
  }

  /** Another process goes on with the connection. */
  left({ claim }: Connection): void {
    if (claim !== undefined) this.#limiter.leave(claim, 'give')
  }

  /** Does the first part at once. It ends early if another one begins. */
  async #recount(changes: RecountChanges): Promise<void> {
    this.#underWay = changes
    let began = performance.now()
    for (const [index, connection] of this.#connections().entries()) {
      const hasEnded = connection.sweepIndex < 0
      if (!hasEnded) this.#recountOne(connection, changes, connection.hasEntered, connection.countedClient)
      const isLook = (index + 1) % LEAST_OF_PART === 0
      if (!isLook || performance.now() - began < LONGEST_PART_MS) continue
      await setImmediate()
      if (this.#underWay !== changes) return
      began = performance.now()
    }
  }

  #recountOne(
    connection: Connection,
    changes: RecountChanges,
    hasEntered: boolean,
    client: CountedClient,
  ): void {
    const change = changes.of(connection, hasEntered, client)
    if (change.limits.length === 0 && connection.claim === undefined) return
    connection.claim ??= new Claim()
    this.#limiter.recount(connection.claim, change, client === 'exempt' ? undefined : client)
  }
}
