/**
 * Takes places for clients in the table of counts, and gives them back. It says which limit has no place. Whether the client
 * then waits or is refused is the business of those who ask.
 */
import type { PeerAddress } from '../address.js'
import type { Change } from './change.js'
import { Claim } from './claim.js'
import type { Counts, WhyRefused } from './counts/counts.js'
import { type Limit, type LimitGroup, type LimitPlan, wantFor } from './limit.js'

/** The limit that has no place for a client, and why. */
export interface NoPlace {
  readonly limit: Limit
  readonly why: WhyRefused | 'bytes-today'
}

/** What a limiter tells. */
export interface LimiterHooks {
  /** A limit in a dry run would have turned this client away. */
  wouldRefuse(noPlace: NoPlace, client: PeerAddress): void
}

export class Limiter {
  readonly counts: Counts
  readonly #hooks: LimiterHooks
  /** How many places the connections of this process hold in a scope as a whole. */
  readonly #held = new Map<string, number>()

  constructor(counts: Counts, hooks: LimiterHooks) {
    this.counts = counts
    this.#hooks = hooks
  }

  /** Takes a place in each limit and adds it to the claim. If a limit has none, nothing is taken. */
  take({ daily, enforced, dry }: LimitGroup, client: PeerAddress, claim: Claim): NoPlace | undefined {
    // A source that has moved all its bytes must not use up the rate of a scope that others need.
    const days: Claim | undefined = daily.length === 0 ? undefined : new Claim()
    const noPlace =
      (days && (this.#takeAll(daily, client, days) ?? this.#spent(days))) ??
      this.#takeAll(enforced, client, claim)
    if (noPlace !== undefined) {
      if (days !== undefined) this.leave(days)
      return noPlace
    }
    if (days !== undefined) claim.add(days.limits, days.entries)
    for (const alone of dry) {
      const [limit] = alone
      const { entries, why } = this.counts.take([wantFor(limit, client)])
      if (entries === undefined) this.#hooks.wouldRefuse({ limit, why }, client)
      else if (this.#isSpent(limit, entries[0]!)) {
        this.counts.leave(entries[0]!)
        this.#hooks.wouldRefuse({ limit, why: 'bytes-today' }, client)
      } else this.#add(claim, alone, entries)
    }
    return undefined
  }

  /**
   * The connection is there already: it holds places in other limits from now on. Those that are missing it takes even if there are
   * none, and uses up no rate. If the table is full, it takes none.
   */
  recount(claim: Claim, change: Change, client: PeerAddress): void {
    const { limits: before, entries } = claim
    if (change.isNone) claim.replace(change.limits, entries)
    else this.#change(claim, change, (limit) => this.#takeAnyway(limit, client))
    for (const index of change.left) this.#leave(before[index]!, entries[index]!)
  }

  /** The same for a connection of another process, which comes with its places. */
  resume(claim: Claim, change: Change, client: PeerAddress): void {
    this.#change(claim, change, (limit) => this.#adopt(limit, client))
  }

  /** Gives back everything that is claimed. `give`: another process goes on with the connection, and counts its places. */
  leave(claim: Claim, how: 'leave' | 'give' = 'leave'): void {
    const { limits, entries } = claim
    for (let index = 0; index < limits.length; index++) this.#leave(limits[index]!, entries[index]!, how)
    claim.clear()
  }

  /** The places that connections of this process hold in a scope as a whole. */
  held(scope: string): number {
    return this.#held.get(scope) ?? 0
  }

  #takeAll(limits: readonly Limit[], client: PeerAddress, claim: Claim): NoPlace | undefined {
    if (limits.length === 0) return undefined
    const { entries, refused, why } = this.counts.take(limits.map((limit) => wantFor(limit, client)))
    if (entries === undefined) return { limit: limits[refused]!, why }
    this.#add(claim, limits, entries)
    return undefined
  }

  #change(claim: Claim, { limits, from }: Change, take: (limit: Limit) => number | undefined): void {
    const entries = limits.map((limit, index) => {
      const place = from[index]!
      return place >= 0 ? claim.entries[place]! : take(limit)
    })
    const taken = entries.filter((entry) => entry !== undefined)
    const isShort = taken.length < limits.length
    claim.replace(isShort ? limits.filter((_, index) => entries[index] !== undefined) : limits, taken)
  }

  /** A limit that the other process does not have has no place to take over. */
  #adopt(limit: Limit, client: PeerAddress): number | undefined {
    const entry = this.counts.adopt(wantFor(limit, client).key)
    if (entry === undefined) return this.#takeAnyway(limit, client)
    this.#count(limit, 1)
    return entry
  }

  #takeAnyway(limit: Limit, client: PeerAddress): number | undefined {
    const { entries } = this.counts.take([{ ...wantFor(limit, client), most: 0, perSecond: 0 }])
    if (entries !== undefined) this.#count(limit, 1)
    return entries?.[0]
  }

  #leave(limit: Limit, entry: number, how: 'leave' | 'give' = 'leave'): void {
    this.counts[how](entry)
    this.#count(limit, -1)
  }

  /** A limit whose source has moved all the bytes that it may move today. */
  #spent({ limits, entries }: Claim): NoPlace | undefined {
    const limit = limits.find((each, index) => this.#isSpent(each, entries[index]!))
    return limit && { limit, why: 'bytes-today' }
  }

  #isSpent({ perSource }: Limit, entry: number): boolean {
    const most = perSource?.bytesPerDay ?? 0
    return most > 0 && this.counts.addBytes(entry, 0) >= most
  }

  #add(claim: Claim, limits: readonly Limit[], entries: readonly number[]): void {
    claim.add(limits, entries)
    for (const limit of limits) this.#count(limit, 1)
  }

  #count({ scope, perSource }: Limit, change: 1 | -1): void {
    if (perSource !== undefined) return
    const held = this.held(scope) + change
    if (held === 0) this.#held.delete(scope)
    else this.#held.set(scope, held)
  }
}

/** The limits in which a client of this peer needs places at once. Clients of unix sockets have no address, so they are no source. */
export const groupFor = ({ all, scopes }: LimitPlan, peer: PeerAddress): LimitGroup =>
  typeof peer === 'object' && peer.kind === 'unix' ? scopes : all

/** Whether a client waits for a place in this limit. Nobody waits for a place of a source: it would make all others wait. */
export const isWaitedFor = ({ limit: { perSource, policy } }: NoPlace): boolean =>
  perSource === undefined && policy.whenFull === 'wait'
