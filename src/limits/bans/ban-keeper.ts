/**
 * Decides who is banned, for how long, and when a ban ends. One process decides for all: the supervisor, or the only process.
 * Others are told, and tell what they see. Times are those of a clock that never jumps.
 */
import { time } from '../../figures.js'
import type { Log } from '../../observe/log/log.js'
import type { BanPolicy } from '../policy.js'
import { BanLog } from './ban-log.js'
import { type Ban, BanTable, ORDERED } from './ban-table.js'
import { exactText, type Network } from './network.js'
import { Refusals } from './refusals.js'
import { type KeptBan, lifted, type ToldBan, toldAt, toldNetwork } from './told-bans.js'

/**
 * Bans at the same time. If there are more, the one that ends first goes. A ban that an operator ordered never goes. Each ban
 * takes some 300 bytes in each process.
 */
export const MOST_BANS = 20_000

/** Is told what happens to clients. */
export interface BanWitness {
  /** Clients of this source were refused, for a reason that counts for a ban of this scope. */
  refused(scope: string, source: Network, times: number): void
  /** Clients were turned away because of the ban of this network. */
  turnedAway(scope: string, network: Network, times: number): void
}

export interface BanKeeperHost {
  readonly log: Log
  /** Undefined: the scope bans nobody by itself. */
  policyOf(scope: string): BanPolicy | undefined
  /** Tells other processes. */
  tell(bans: readonly ToldBan[]): void
  /** ms, on a clock that never jumps. Default: `performance.now()`. */
  now?(): number
  readonly most?: number
}

/** How many bans began. */
export interface BanCounts {
  ordered: number
  found: number
}

export class BanKeeper implements BanWitness {
  readonly table = new BanTable()
  readonly counts: BanCounts = { ordered: 0, found: 0 }
  readonly #host: BanKeeperHost
  readonly #now: () => number
  readonly #most: number
  readonly #log: BanLog
  readonly #refusals = new Refusals()
  #timer: NodeJS.Timeout | undefined
  /** When the timer is due, on the clock of the bans. */
  #wakesAt = Number.POSITIVE_INFINITY

  constructor(host: BanKeeperHost) {
    this.#host = host
    this.#now = host.now ?? (() => performance.now())
    this.#most = host.most ?? MOST_BANS
    this.#log = new BanLog(host.log)
  }

  /** An operator bans a network. Undefined: operators have ordered as many bans as there can be. */
  order(network: Network, forMs: number, why: string): Ban | undefined {
    const ban = this.#begin(ORDERED, network, forMs, why)
    if (ban !== undefined) this.counts.ordered++
    return ban
  }

  /** Bans the source if that is too much for the policy of the scope. A refusal that comes late does not prolong a ban. */
  refused(scope: string, network: Network, times: number): void {
    const policy = this.#host.policyOf(scope)
    const now = this.#now()
    const held = this.table.get(scope, network)
    if (policy === undefined || (held !== undefined && held.until > now)) return
    if (!this.#refusals.add(`${scope} ${exactText(network)}`, times, policy, now)) return
    const why = `${policy.after} refusals within ${time(policy.withinMs)}`
    if (this.#begin(scope, network, policy.forMs, why) !== undefined) this.counts.found++
  }

  turnedAway(scope: string, network: Network, times: number): void {
    const ban = this.table.get(scope, network)
    if (ban !== undefined) ban.refused += times
  }

  /** Ends the bans that are exactly of one of these networks, whoever has begun them. */
  lift(networks: readonly Network[]): Ban[] {
    const texts = new Set(networks.map(exactText))
    return this.#lift((ban) => texts.has(exactText(ban.network)), 'lifted')
  }

  liftAll(): Ban[] {
    return this.#lift(() => true, 'lifted')
  }

  /** Ends the bans of scopes that do not exist any more. */
  keepOnly(exists: (scope: string) => boolean): void {
    this.#lift(({ scope }) => scope !== ORDERED && !exists(scope), 'lifted: its listener is gone')
  }

  /** The bans that hold now, in no order. */
  present(): Ban[] {
    this.#expire()
    return [...this.table.all()]
  }

  /** The same for a process that knows none of them. */
  told(): ToldBan[] {
    const now = this.#now()
    return this.present().map((ban) => toldAt(ban, now))
  }

  /** All that holds, for the process that decides from now on. */
  kept(): KeptBan[] {
    const now = this.#now()
    return this.present().map((ban) => ({ ...toldAt(ban, now), why: ban.why, refused: ban.refused }))
  }

  /** Goes on with bans that another process has begun. They are not counted and not logged again. */
  restore(kept: readonly KeptBan[]): void {
    const since = this.#now()
    for (const { scope, network, leftMs, why, refused } of kept) {
      const until = since + leftMs
      this.table.set({ scope, network: toldNetwork(network), since, until, why, refused, heapIndex: -1 })
    }
    this.#host.tell(kept)
    this.#wait()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#log.stop()
  }

  #begin(scope: string, network: Network, forMs: number, why: string): Ban | undefined {
    this.#expire()
    const before = this.table.get(scope, network)
    if (before === undefined && this.table.size >= this.#most && !this.#makeRoom()) return undefined
    const since = this.#now()
    const refused = before?.refused ?? 0
    const ban: Ban = { scope, network, since, until: since + forMs, why, refused, heapIndex: -1 }
    this.table.set(ban)
    this.#log.begun(ban)
    this.#host.tell([toldAt(ban, since)])
    this.#wait()
    return ban
  }

  #makeRoom(): boolean {
    const { firstOther } = this.table
    if (firstOther !== undefined) this.#end([firstOther], 'lifted: there are too many')
    return firstOther !== undefined
  }

  #lift(is: (ban: Ban) => boolean, how: string): Ban[] {
    const bans = this.present().filter(is)
    this.#end(bans, how)
    return bans
  }

  #end(bans: readonly Ban[], how: string): void {
    for (const ban of bans) {
      this.table.delete(ban)
      this.#log.ended(ban, how)
    }
    if (bans.length > 0) this.#host.tell(bans.map(lifted))
    this.#wait()
  }

  /** A process that heard of a ban late would end it late, too. */
  #expire(): void {
    const over = this.table.expire(this.#now())
    for (const ban of over) this.#log.ended(ban, 'over')
    if (over.length > 0) this.#host.tell(over.map(lifted))
  }

  /** One timer, for the ban that ends first. It may be early if that ban was lifted. */
  #wait(): void {
    const { first } = this.table
    if (first === undefined || first.until >= this.#wakesAt) return
    const now = this.#now()
    // No ban is longer than setTimeout(3) can wait.
    const ms = Math.max(Math.ceil(first.until - now), 1)
    clearTimeout(this.#timer)
    this.#wakesAt = now + ms
    this.#timer = setTimeout(() => {
      this.#wakesAt = Number.POSITIVE_INFINITY
      this.#expire()
      this.#wait()
    }, ms).unref()
  }
}
