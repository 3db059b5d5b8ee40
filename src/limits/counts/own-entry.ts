/** An entry of a table in the memory of this process, and the entries of one kind. */

import type { Source } from '../../source.js'
import type { Counted, Key, Want, WhyRefused } from './counts.js'
import { burstOfPart, intervalOfPart, type Part, partOf } from './part.js'
import { afterTaking, atThisRate, isWithinRate, SecondMeter, slackOf } from './rate.js'

/** How many idle sources are looked at for one that can be forgotten. So a full table costs no more time than an empty one. */
export const MOST_LOOKED_AT = 64

/** What one process has of an entry. */
interface Share {
  held: number
  demand: number
}

export class Entry implements Key {
  readonly number: number
  readonly scope: string
  readonly source: Source | undefined
  /** By process. The length is fixed from the start: an array that grows takes memory for 17. */
  readonly shares: (Share | undefined)[]
  readonly taken = new SecondMeter()
  /** Whether a place was ever taken. */
  isUsed = false
  held = 0
  given = 0
  busyUntil = 0
  bytes = 0
  day = 0

  constructor(number: number, { scope, source }: Key, processes: number) {
    this.shares = new Array(processes)
    this.number = number
    this.scope = scope
    this.source = source
  }

  shareOf(worker: number): Share {
    const share = this.shares[worker] ?? { held: 0, demand: 0 }
    this.shares[worker] = share
    return share
  }

  /** Whether the table may forget it: nobody holds it or has given it, its rate has recovered, and it has no bytes of today. */
  isForgettable(now: number, day: number): boolean {
    return (
      this.held === 0 && this.given === 0 && this.busyUntil <= now && (this.bytes === 0 || this.day !== day)
    )
  }

  /** Why no place can be taken now. Undefined: one can. */
  whyNot({ most, perSecond, burst }: Want, now: number, part: Part): WhyRefused | undefined {
    if (most > 0 && this.held >= partOf(most, part)) return 'connections'
    if (perSecond === 0) return undefined
    const interval = intervalOfPart(perSecond, part)
    const slack = slackOf(burstOfPart(burst, part), interval)
    this.busyUntil = atThisRate(this.busyUntil, now, interval, slack)
    return isWithinRate(this.busyUntil, now, slack) ? undefined : 'rate'
  }

  hold({ perSecond }: Want, worker: number, now: number, part: Part): void {
    this.isUsed = true
    this.held++
    this.shareOf(worker).held++
    this.taken.add(now)
    if (perSecond > 0) this.busyUntil = afterTaking(this.busyUntil, now, intervalOfPart(perSecond, part))
  }

  leave(worker: number): void {
    const share = this.shareOf(worker)
    share.held--
    this.held--
    if (share.held === 0) share.demand = 0
  }

  /** One place of the process `from` is one of `worker` from now on. False: it holds none. */
  adopt(worker: number, from: number): boolean {
    const giver = this.shareOf(from)
    if (giver.held === 0) return false
    giver.held--
    this.shareOf(worker).held++
    return true
  }

  read(now: number, day: number): Counted {
    const { held, given, busyUntil } = this
    return { held, given, newPerSecond: this.taken.read(now), bytesToday: this.bytesOf(day), busyUntil }
  }

  bytesOf(day: number): number {
    return this.day === day ? this.bytes : 0
  }
}

/** The entries of one kind: scopes, or sources. */
export class Room {
  readonly #most: number
  /** The entries that nobody holds. The one that is idle for the longest time is the first. */
  readonly idle = new Set<Entry>()
  used = 0

  constructor(most: number) {
    this.#most = most
  }

  get isFull(): boolean {
    return this.used >= this.#most
  }

  /** An idle entry that can be forgotten. Entries that cannot go to the end, so the next search sees others. */
  findForgettable(now: number, day: number): Entry | undefined {
    let left = Math.min(this.idle.size, MOST_LOOKED_AT)
    for (const entry of this.idle) {
      if (left-- === 0) return undefined
      if (entry.isForgettable(now, day)) return entry
      this.idle.delete(entry)
      this.idle.add(entry)
    }
    return undefined
  }
}
