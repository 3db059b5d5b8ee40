/**
 * The backend that belongs to a key of the connection: the same client, name or session comes to the same backend, in every
 * worker and proxy. A backend that is full, down or was tried already hands over to the next one in the order of the key,
 * which is the rendezvous order whatever the table is. A connection without the key is balanced in turn.
 */
import type { Balancer, Candidate } from '../balancer.js'
import type { PickNotes } from '../notes.js'
import type { BalanceRequest } from '../request.js'
import { RoundRobin } from '../round-robin.js'
import { BoundedLoad } from './bounded-load.js'
import { type HashKey, readKey } from './key.js'
import { drawFor, KeyHash } from './key-hash.js'
import { Maglev } from './maglev.js'
import { Rendezvous } from './rendezvous.js'

/** A draw of its own per key. Any two numbers do. */
const START_A = 0x51ed270b
const START_B = 0x2545f491

export interface HashPolicy {
  readonly key: HashKey
  readonly table: 'rendezvous' | 'maglev'
  /** Greater than 1. 0: no limit. */
  readonly boundedLoad: number
}

export class HashChoice<Item extends Candidate> implements Balancer<Item> {
  readonly #items: readonly Item[]
  readonly #policy: HashPolicy
  readonly #order: Rendezvous<Item>
  readonly #load: BoundedLoad<Item> | undefined
  readonly #withoutKey: RoundRobin<Item>
  readonly #foundNoKey: () => void
  readonly #hash = new KeyHash()
  /** Of `table: maglev`. Undefined until the next pick needs it: a reload can change many weights. */
  #table: Maglev<Item> | undefined

  /** `foundNoKey` is told of each backend that was picked for a connection without the key. */
  constructor(items: readonly Item[], policy: HashPolicy, foundNoKey: () => void) {
    this.#items = items
    this.#policy = policy
    this.#order = new Rendezvous(items)
    this.#load = policy.boundedLoad > 0 ? new BoundedLoad(items, policy.boundedLoad) : undefined
    this.#withoutKey = new RoundRobin(items)
    this.#foundNoKey = foundNoKey
  }

  pick(
    isCandidate: (item: Item) => boolean,
    request: BalanceRequest,
    notes?: PickNotes<Item>,
  ): Item | undefined {
    const key = readKey(this.#policy.key, request)
    if (notes !== undefined) notes.hasKey = key !== undefined
    if (key === undefined) {
      const picked = this.#withoutKey.pick(isCandidate)
      if (picked !== undefined) this.#foundNoKey()
      return picked
    }
    if (typeof key === 'string') this.#hash.ofText(key)
    else this.#hash.ofBytes(key)
    const isGood = this.#load?.withRoom(isCandidate) ?? isCandidate
    const first = this.#atTable()
    const picked = first !== undefined && isGood(first) ? first : this.#order.best(this.#hash, isGood)
    if (notes !== undefined && picked !== undefined) {
      notes.place = this.#placeOf(picked, first)
      notes.full = this.#items.filter((item) => isCandidate(item) && !isGood(item)).length
    }
    return picked
  }

  /** Without `boundedLoad` a key has only one backend. A connection without the key has no backend of its own. */
  waitsForPicked(request: BalanceRequest): boolean {
    return this.#load === undefined && readKey(this.#policy.key, request) !== undefined
  }

  /** In the order of the present key: the one that the table has, if any, then all others in rendezvous order. */
  #placeOf(item: Item, first: Item | undefined): number {
    if (item === first) return 1
    const place = this.#order.placeOf(this.#hash, item)
    return first === undefined || this.#order.placeOf(this.#hash, first) < place ? place : place + 1
  }

  /** While a backend starts slowly, only the part of its keys that it has already come from the table. */
  #atTable(): Item | undefined {
    if (this.#policy.table !== 'maglev') return undefined
    this.#table ??= new Maglev(this.#items)
    const item = this.#table.at(this.#hash)
    if (item === undefined || item.share === item.weight) return item
    return drawFor(this.#hash, START_A, START_B) < item.share / item.weight ? item : undefined
  }

  reweighted(): void {
    this.#table = undefined
    this.#withoutKey.reweighted()
  }
}
