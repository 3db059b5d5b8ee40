/**
 * The bans of a proxy in this process. Either it decides about bans itself, or the supervisor does: then the proxy is told, and
 * tells what it sees.
 */

import { AddressSet } from '../../address-set.js'
import type { Connection } from '../../connection/connection.js'
import { mayNameClients } from '../../connection/listener-policy.js'
import type { BanList, Banned, Unbanned } from '../../control/answers.js'
import type { BanOrder, BanQuery, UnbanOrder } from '../../control/orders.js'
import { MillraceError } from '../../errors.js'
import { BanCheck } from '../../limits/bans/ban-check.js'
import { type BanFinding, BanFindings } from '../../limits/bans/ban-findings.js'
import { BanKeeper, type BanWitness } from '../../limits/bans/ban-keeper.js'
import { BanTable, ORDERED } from '../../limits/bans/ban-table.js'
import { exactText, sourceNetwork } from '../../limits/bans/network.js'
import { hearBans, type KeptBan, type ToldBan } from '../../limits/bans/told-bans.js'
import type { Log } from '../../observe/log/log.js'
import type { RecordEnding } from '../../observe/records/record.js'
import type { ProxyStatus } from '../../observe/status.js'
import { staying } from '../hand-over/staying.js'
import { BanOrders } from './ban-orders.js'
import { type BanConfig, banPolicyOf, exists, isDryRun, prefixesOf, scopesFor } from './ban-scopes.js'

/**
 * The refusals that count for a ban: the client has had more than its share, or a route rejects it. Others are nothing that
 * the client does: the table of sources is full, or everybody has to wait. A client that a list or a ban keeps out is kept
 * out already.
 */
const COUNTED = /^(?:source-limit: (?:connections|rate|bytes-today)|rejected)\b/

export interface ProxyBansOptions {
  readonly log: Log
  config(): BanConfig
  /** Tells the supervisor, which decides. Undefined: this process decides. */
  readonly tell: ((findings: readonly BanFinding[]) => void) | undefined
}

export class ProxyBans {
  readonly #config: () => BanConfig
  readonly #table: BanTable
  readonly #witness: BanWitness
  readonly #findings: BanFindings | undefined
  readonly #keeper: BanKeeper | undefined
  readonly #orders: BanOrders | undefined

  constructor({ log, config, tell }: ProxyBansOptions) {
    this.#config = config
    if (tell !== undefined) {
      this.#findings = new BanFindings(tell)
      this.#witness = this.#findings
      this.#table = new BanTable()
      return
    }
    const policyOf = (scope: string) => banPolicyOf(config(), scope)
    this.#keeper = new BanKeeper({ log, policyOf, tell: () => {} })
    this.#witness = this.#keeper
    this.#table = this.#keeper.table
    this.#orders = new BanOrders(this.#keeper, config)
  }

  /** What a client of this listener has to pass, by its address. */
  checksOf(config: BanConfig, listener: string): BanCheck[] {
    return [ORDERED, ...scopesFor(listener)].map(
      (scope) => new BanCheck(scope, isDryRun(config, scope), this.#table, this.#witness),
    )
  }

  /** A connection is over. If it was refused, that may be one refusal too many. No trusted proxy is banned for it. */
  ended({ service, clientAddress }: Connection, { cause }: RecordEnding): void {
    if (!COUNTED.test(cause)) return
    if (service.policy !== undefined && mayNameClients(service.policy, clientAddress)) return
    const config = this.#config()
    for (const scope of scopesFor(service.name)) {
      if (banPolicyOf(config, scope) === undefined) continue
      const source = sourceNetwork(clientAddress, prefixesOf(config, scope))
      if (source !== undefined) this.#witness.refused(scope, source, 1)
    }
  }

  /** The bans that this process decides about. */
  kept(): KeptBan[] {
    return this.#keeper?.kept() ?? []
  }

  /** Goes on with the bans of another process. */
  restore(kept: readonly KeptBan[]): void {
    this.#keeper?.restore(kept)
  }

  /** The supervisor tells. */
  hear(bans: readonly ToldBan[]): void {
    hearBans(this.#table, bans, performance.now())
  }

  /** `connections`: all that are open. */
  async ban(order: BanOrder, connections: readonly Connection[]): Promise<Banned> {
    const { banned, ...answer } = this.#own.ban(order)
    if (!order.end) return answer
    const clients = new AddressSet([exactText(banned)])
    const ended = connections.filter(({ clientAddress }) => clients.has(clientAddress))
    for (const connection of ended) connection.end('killed')
    return { ...answer, killed: (await staying(ended)).length }
  }

  unban(order: UnbanOrder): Unbanned {
    return this.#own.unban(order)
  }

  /** In a worker: the supervisor asks its workers before it answers, so that it has heard all that they have seen. */
  list(query: BanQuery): BanList {
    this.#findings?.flush()
    return this.#orders?.list(query) ?? { matched: 0, bans: [] }
  }

  status(): Pick<ProxyStatus, 'bans' | 'topBans'> {
    if (this.#orders !== undefined) return this.#orders.status()
    this.#table.expire(performance.now())
    return { bans: { active: this.#table.size, ordered: 0, found: 0 }, topBans: [] }
  }

  /** Another config is in use. */
  reloaded(): void {
    this.#keeper?.keepOnly((scope) => exists(this.#config(), scope))
  }

  stop(): void {
    this.#findings?.flush()
    this.#keeper?.stop()
  }

  get #own(): BanOrders {
    if (this.#orders === undefined)
      throw new MillraceError('wrong-state', 'a worker takes its bans from its supervisor')
    return this.#orders
  }
}
