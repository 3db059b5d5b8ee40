/**
 * What makes one direction slower: the rates that it shares with others, and perhaps a rate of its own. It may take
 * as many bytes as all of them allow. It waits for one of them at a time, and holds nothing of the others then.
 */
import type { Throttle } from '../../pipe/throttle.js'
import type { HandOuts } from './hand-outs.js'
import type { Share } from './share.js'
import type { SharedLimit } from './shared-limit.js'

/** A rate, and the name by which records call it, such as `listener`. */
export interface NamedLimit {
  readonly name: string
  readonly limit: SharedLimit
}

interface Member extends NamedLimit {
  readonly share: Share
  /** How long the direction has waited for this rate, in ms. */
  waitedMs: number
}

export class DirectionThrottle implements Throttle {
  readonly #handOuts: HandOuts
  readonly #wake: () => void
  /** Each byte counts, whatever its rate. */
  hasQuota = false
  #members: Member[] = []
  /** How long it waited for rates that it no longer has, by name, in ms. Undefined: it had no others. */
  #past: Map<string, number> | undefined
  /** The rate that it waits for, and since when. */
  #awaited: Member | undefined
  #waitsSince = 0
  #isStopped = false

  /** `wake` has the pipe run. */
  constructor(handOuts: HandOuts, wake: () => void) {
    this.#handOuts = handOuts
    this.#wake = wake
  }

  get isMetering(): boolean {
    return this.hasQuota || this.#members.length > 0
  }

  get isWaiting(): boolean {
    return this.#awaited !== undefined || this.#isStopped
  }

  /** The name of the rate that it waits for. Undefined: it waits for none. */
  get awaited(): string | undefined {
    return this.#awaited?.name
  }

  /** How long it waited altogether, by the name of the rate, in ms. */
  get waits(): ReadonlyMap<string, number> {
    const waits = new Map(this.#past)
    for (const { name, waitedMs } of this.#members) waits.set(name, (waits.get(name) ?? 0) + waitedMs)
    if (this.#awaited !== undefined) {
      const { name } = this.#awaited
      waits.set(name, waits.get(name)! + Math.max(0, this.#handOuts.now - this.#waitsSince))
    }
    return waits
  }

  grant(wanted: number): number {
    if (this.isWaiting) return 0
    const { now } = this.#handOuts
    let granted = wanted
    for (const member of this.#members) {
      granted = member.limit.ask(member.share, granted, now)
      if (granted > 0) continue
      this.used(0)
      this.#await(member, now)
      return 0
    }
    return granted
  }

  used(bytes: number): void {
    for (const { limit, share } of this.#members) limit.used(share, bytes)
  }

  add({ name, limit }: NamedLimit): void {
    const woken = (): void => this.#woken()
    this.#members.push({ name, limit, share: limit.join(this.#handOuts.now, woken), waitedMs: 0 })
  }

  /** The direction no longer has this rate. */
  remove(limit: SharedLimit): void {
    const member = this.#members.find((each) => each.limit === limit)
    if (member === undefined) return
    const wasAwaited = this.#awaited === member
    if (wasAwaited) this.#endWait()
    limit.leave(member.share)
    this.#members = this.#members.filter((each) => each !== member)
    const { name, waitedMs } = member
    this.#past ??= new Map()
    this.#past.set(name, (this.#past.get(name) ?? 0) + waitedMs)
    if (wasAwaited) this.#wake()
  }

  /** From now on the direction shares these rates and no others. `own`: the name of rates that it does not share. */
  share(limits: readonly NamedLimit[], own: string): void {
    for (const { name, limit } of this.#members)
      if (name !== own && !limits.some((each) => each.limit === limit)) this.remove(limit)
    for (const each of limits) if (!this.#members.some(({ limit }) => limit === each.limit)) this.add(each)
  }

  /** The direction takes no more bytes, whatever its rates allow. */
  stop(): void {
    this.#isStopped = true
    this.leave()
  }

  /** It holds nothing of any rate, and waits for none. */
  leave(): void {
    this.#endWait()
    for (const { limit, share } of this.#members) limit.leave(share)
  }

  #await(member: Member, now: number): void {
    this.#awaited = member
    this.#waitsSince = now
    this.#handOuts.await(member.limit)
  }

  #woken(): void {
    this.#endWait()
    this.#wake()
  }

  #endWait(): void {
    if (this.#awaited === undefined) return
    const ms = Math.max(0, this.#handOuts.now - this.#waitsSince)
    this.#awaited.waitedMs += ms
    this.#awaited.limit.tally.waitedMs += ms
    this.#awaited = undefined
  }
}
