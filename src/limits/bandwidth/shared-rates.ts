/**
 * The rates that connections share: a pair for each scope with such a limit, and one for each source that has
 * connections in a scope with a limit per source. A rate exists only while a connection has it.
 */
import type { Counts } from '../counts/counts.js'
import type { ByteRates } from '../policy.js'
import { Division } from './division.js'
import type { Divisions } from './divisions.js'
import type { RateOwner } from './rate-owner.js'
import { SharedLimit, type Tally } from './shared-limit.js'

/** The present rate of an owner. Undefined: it has no limit any more. */
export type RateOf = (scope: string, isOfSource: boolean) => ByteRates | undefined

export interface RatePair {
  readonly up: SharedLimit | undefined
  readonly down: SharedLimit | undefined
}

/** What happened to the rate of a scope, or to those of all sources in it. */
export interface RateStatus extends Readonly<Tally> {
  readonly scope: string
  readonly isOfSource: boolean
  readonly direction: keyof RatePair
}

interface Held extends RatePair {
  readonly owner: RateOwner
  up: SharedLimit | undefined
  down: SharedLimit | undefined
  readonly divisions: { up: Division | undefined; down: Division | undefined }
  users: number
}

/** Other processes that have the same rates. */
export interface SharedWith {
  readonly counts: Counts
  readonly divisions: Divisions
}

/** A limit that a reload has removed holds nobody back. */
const NO_LIMIT_BYTES_PER_SECOND = 1e15
/** Nothing has passed before the first look, so its time does not matter. */
const FIRST_LOOK_MS = 1

export class SharedRates {
  readonly #sharedWith: SharedWith | undefined
  readonly #held = new Map<string, Held>()
  /** They stay when their rates are gone, because they only count up. Their owner forgets those that are not in use. */
  readonly tallies = new Map<string, RateStatus & Tally>()

  /** Undefined: no other process has these rates. */
  constructor(sharedWith?: SharedWith) {
    this.#sharedWith = sharedWith
  }

  /** The rates of this owner, for one connection. `give` gives them back. */
  take(owner: RateOwner, rates: ByteRates, now: number): RatePair {
    const key = keyOf(owner)
    const held = this.#held.get(key) ?? newHeld(owner)
    this.#held.set(key, held)
    held.users++
    for (const direction of ['up', 'down'] as const) {
      if (held[direction] !== undefined) continue
      held[direction] = this.#limit(owner, direction, rates[direction], now)
      held.divisions[direction] = this.#divide(owner, direction, held[direction], now)
    }
    return held
  }

  give(owner: RateOwner): void {
    const key = keyOf(owner)
    const held = this.#held.get(key)
    if (held === undefined || --held.users > 0) return
    this.#held.delete(key)
    const { up, down } = held.divisions
    if (up !== undefined) this.#sharedWith!.divisions.delete(up)
    if (down !== undefined) this.#sharedWith!.divisions.delete(down)
  }

  /** Another config: connections that have a rate get the new one at once. */
  setRates(rateOf: RateOf, now: number): void {
    for (const { owner, divisions, ...limits } of this.#held.values()) {
      const rates = rateOf(owner.scope, owner.source !== undefined)
      for (const direction of ['up', 'down'] as const) {
        const bytesPerSecond = rates?.[direction] || NO_LIMIT_BYTES_PER_SECOND
        const division = divisions[direction]
        if (division !== undefined) division.bytesPerSecond = bytesPerSecond
        else limits[direction]?.setRate(bytesPerSecond, now)
      }
    }
  }

  /** Whether the rate of the tally is in the config, or an open connection has it. */
  isInUse(tally: RateStatus, rateOf: RateOf): boolean {
    if ((rateOf(tally.scope, tally.isOfSource)?.[tally.direction] ?? 0) > 0) return true
    return Array.from(this.#held.values()).some((held) => held[tally.direction]?.tally === tally)
  }

  status(): readonly RateStatus[] {
    return [...this.tallies.values()]
  }

  #divide(
    owner: RateOwner,
    direction: keyof RatePair,
    limit: SharedLimit | undefined,
    now: number,
  ): Division | undefined {
    if (limit === undefined || this.#sharedWith === undefined) return undefined
    const { counts, divisions } = this.#sharedWith
    const division = new Division(counts, owner, direction, limit)
    division.look(FIRST_LOOK_MS, now)
    divisions.add(division)
    return division
  }

  #limit(
    { scope, source }: RateOwner,
    direction: keyof RatePair,
    bytesPerSecond: number,
    now: number,
  ): SharedLimit | undefined {
    if (bytesPerSecond === 0) return undefined
    const isOfSource = source !== undefined
    const key = `${direction} ${isOfSource} ${scope}`
    const tally = this.tallies.get(key) ?? { scope, isOfSource, direction, waiting: 0, waitedMs: 0 }
    this.tallies.set(key, tally)
    return new SharedLimit(bytesPerSecond, now, tally)
  }
}

const newHeld = (owner: RateOwner): Held => ({
  owner,
  users: 0,
  up: undefined,
  down: undefined,
  divisions: { up: undefined, down: undefined },
})

const keyOf = ({ scope, source }: RateOwner): string => `${source ?? ''} ${scope}`
