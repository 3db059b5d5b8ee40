/**
 * Which listeners a connection has passed that millrace made to a listener of its own. It is known by the address from which millrace
 * connected, and forgotten with the connection for which it did. Workers tell each other by the table of counts: a place there says that a
 * connection has passed a listener.
 */
import { createHash } from 'node:crypto'
import { type Address, formatAddress, unpackPeer } from '../../address.js'
import type { Arrival } from '../../cluster/dialer.js'
import type { Counts, Key } from '../../limits/counts/counts.js'
import type { Source } from '../../source.js'

/** A connect to a listener of this proxy. */
export interface Passage {
  readonly arrival: Arrival
  readonly way: string
  /** Its places in the table that workers share. */
  readonly entries: readonly number[]
}

const SOURCE_BYTES = 16
const NO_LISTENERS: readonly string[] = []

export class Passages {
  readonly #shared: Counts | undefined
  readonly #names: () => readonly string[]
  readonly #passed = new Map<string, readonly string[]>()
  readonly #byArrival = new Map<Arrival, readonly Passage[]>()

  /** `counts`: in which several processes count together. Undefined: there is only this one. `names`: of all listeners. */
  constructor(counts: Counts | undefined, names: () => readonly string[]) {
    this.#shared = counts?.isShared === true ? counts : undefined
    this.#names = names
  }

  /** The listeners that this connection has passed. Its own is the last one. */
  passedBy({ service, peer }: Arrival): readonly string[] {
    const before =
      peer === undefined ? NO_LISTENERS : this.#listenersOf(wayTo(service.name, unpackPeer(peer)))
    return [...before.filter((name) => name !== service.name), service.name]
  }

  /** For this connection, millrace connects from an address of its own to a listener of its own. */
  open(arrival: Arrival, from: Address, listener: string, passed: readonly string[]): Passage {
    const way = wayTo(listener, from)
    const entries = passed.flatMap((name) => this.#tell(way, name))
    const passage = { arrival, way, entries }
    this.#passed.set(way, passed)
    this.#byArrival.set(arrival, [...(this.#byArrival.get(arrival) ?? []), passage])
    return passage
  }

  /** That connect is over, without a connection. */
  close(passage: Passage): void {
    const others = this.#byArrival.get(passage.arrival)?.filter((each) => each !== passage) ?? []
    if (others.length > 0) this.#byArrival.set(passage.arrival, others)
    else this.#byArrival.delete(passage.arrival)
    this.#forget(passage)
  }

  /** This connection is over, and with it what millrace has made for it. */
  ended(arrival: Arrival): void {
    if (this.#byArrival.size === 0) return
    for (const passage of this.#byArrival.get(arrival) ?? []) this.#forget(passage)
    this.#byArrival.delete(arrival)
  }

  get size(): number {
    return this.#passed.size
  }

  #forget({ way, entries }: Passage): void {
    this.#passed.delete(way)
    for (const entry of entries) this.#shared?.leave(entry)
  }

  #listenersOf(way: string): readonly string[] {
    const shared = this.#shared
    const own = this.#passed.get(way)
    if (own !== undefined || shared === undefined) return own ?? NO_LISTENERS
    return this.#names().filter((name) => shared.held(placeOf(way, name)) > 0)
  }

  /** If the table is full, only this process knows. */
  #tell(way: string, name: string): readonly number[] {
    const want = { key: placeOf(way, name), most: 0, perSecond: 0, burst: 1 }
    return this.#shared?.take([want]).entries ?? []
  }
}

/** Two connects from one address can go to different listeners. */
const wayTo = (listener: string, from: Address): string => `${formatAddress(from)} ${listener}`

function placeOf(way: string, listener: string): Key {
  const digest = createHash('sha256').update(way).digest()
  return { scope: `passed/${listener}`, source: digest.toString('latin1', 0, SOURCE_BYTES) as Source }
}
