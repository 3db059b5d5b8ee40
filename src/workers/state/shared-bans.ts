/**
 * The bans of all workers. Only the supervisor decides about them. It tells every worker, and hears from each how many clients
 * were refused and turned away. So refusals of one source count together, whichever workers it met.
 */
import type { BanList, Banned, Unbanned } from '../../control/answers.js'
import type { BanOrder, BanQuery, UnbanOrder } from '../../control/orders.js'
import type { BanFinding } from '../../limits/bans/ban-findings.js'
import { BanKeeper } from '../../limits/bans/ban-keeper.js'
import { exactText } from '../../limits/bans/network.js'
import { type KeptBan, type ToldBan, toldNetwork } from '../../limits/bans/told-bans.js'
import type { Log } from '../../observe/log/log.js'
import type { ProxyStatus } from '../../observe/status.js'
import { BanOrders } from '../../proxy/bans/ban-orders.js'
import { type BanConfig, banPolicyOf, exists } from '../../proxy/bans/ban-scopes.js'
import type { WorkerChannel } from '../slots/worker-channel.js'

export interface SharedBansHost {
  readonly log: Log
  config(): BanConfig
  /** All workers that were given a config. */
  workers(): readonly WorkerChannel[]
}

export class SharedBans {
  readonly #host: SharedBansHost
  readonly #keeper: BanKeeper
  readonly #orders: BanOrders

  constructor(host: SharedBansHost) {
    this.#host = host
    this.#keeper = new BanKeeper({
      log: host.log,
      policyOf: (scope) => banPolicyOf(host.config(), scope),
      tell: (bans) => this.#tell(bans),
    })
    this.#orders = new BanOrders(this.#keeper, host.config)
  }

  /** Every worker knows the ban before it gets any later message. `matching`: for the connections of these clients. */
  ban(order: BanOrder): Banned & { readonly matching: string } {
    const { banned, ...answer } = this.#orders.ban(order)
    return { ...answer, matching: exactText(banned) }
  }

  unban(order: UnbanOrder): Unbanned {
    return this.#orders.unban(order)
  }

  list(query: BanQuery): BanList {
    return this.#orders.list(query)
  }

  status(): Pick<ProxyStatus, 'bans' | 'topBans'> {
    return this.#orders.status()
  }

  /** A worker tells what it has seen. */
  heard(findings: readonly BanFinding[]): void {
    for (const { scope, network: text, refusals, turnedAway } of findings) {
      const network = toldNetwork(text)
      if (turnedAway > 0) this.#keeper.turnedAway(scope, network, turnedAway)
      if (refusals > 0) this.#keeper.refused(scope, network, refusals)
    }
  }

  /** What holds now, for a new worker. */
  greet(): ToldBan[] {
    return this.#keeper.told()
  }

  kept(): KeptBan[] {
    return this.#keeper.kept()
  }

  /** Goes on with the bans of another process. */
  restore(kept: readonly KeptBan[]): void {
    this.#keeper.restore(kept)
  }

  /** Another config is in use. */
  reloaded(): void {
    this.#keeper.keepOnly((scope) => exists(this.#host.config(), scope))
  }

  stop(): void {
    this.#keeper.stop()
  }

  #tell(bans: readonly ToldBan[]): void {
    for (const worker of this.#host.workers()) worker.send({ kind: 'bans', bans })
  }
}
