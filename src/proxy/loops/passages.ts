/**
 * Which listeners a connection has passed that millrace made to a listener of its own. It is known by the address from which millrace
 * connected, and forgotten with the connection for which it did. Workers tell each other by the table of counts: a place there says that a
 * connection has passed a listener. These places take at most a part of the table, so that sources keep the rest.
 */
import { createHash } from 'node:crypto'
import { type Address, formatAddress, unpackPeer } from '../../address.js'
import type { Arrival } from '../../cluster/dialer.js'
import type { Counts, Want } from '../../limits/counts/counts.js'
import type { Source } from '../../source.js'

/** A connect to a listener of this proxy. */
export interface Passage {
  readonly arrival: Arrival
  readonly way: string
  readonly passed: readonly string[]
  /** Its places in the table that workers share. */
  readonly entries: readonly number[]
}

const SOURCE_BYTES = 16
/** Of all entries for sources, in all workers together. */
const PART_OF_TABLE = 1 / 4
/** All entries of passages. */
const ALL = 'passages'
const NO_LISTENERS: readonly string[] = []
const ANY_NUMBER = { most: 0, perSecond: 0, burst: 1 } as const

/** The table in which several workers count together. */
export interface TableOfWorkers {
  readonly counts: Counts
  /** How many sources it has room for. */
  readonly sources: number
}

export class Passages {
  readonly #shared: Counts | undefined
  readonly #mostShared: number
  readonly #names: () => readonly string[]
  readonly #byWay = new Map<string, Passage>()
  readonly #byArrival = new Map<Arrival, readonly Passage[]>()

  /** `shared` undefined: this process tells nobody. `names`: of all listeners. */
  constructor(shared: TableOfWorkers | undefined, names: () => readonly string[]) {
    this.#shared = shared?.counts
    this.#mostShared = Math.floor((shared?.sources ?? 0) * PART_OF_TABLE)
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
    const passage = { arrival, way, passed, entries: this.#tell(way, passed) }
    this.#byWay.set(way, passage)
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
    return this.#byWay.size
  }

  /** Another connect may have got the same address meanwhile. */
  #forget(passage: Passage): void {
    if (this.#byWay.get(passage.way) === passage) this.#byWay.delete(passage.way)
    for (const entry of passage.entries) this.#shared?.leave(entry)
  }

  #listenersOf(way: string): readonly string[] {
    const shared = this.#shared
    const own = this.#byWay.get(way)
    if (own !== undefined || shared === undefined) return own?.passed ?? NO_LISTENERS
    const source = sourceFor(way)
    return this.#names().filter((name) => shared.held({ scope: scopeOf(name), source }) > 0)
  }

  /** If there is no room, only this process knows. */
  #tell(way: string, passed: readonly string[]): readonly number[] {
    const shared = this.#shared
    if (shared === undefined) return []
    const source = sourceFor(way)
    return passed.flatMap((name) => {
      const place: Want = { key: { scope: scopeOf(name), source }, ...ANY_NUMBER }
      const share: Want = { key: { scope: ALL }, ...ANY_NUMBER, most: this.#mostShared }
      return shared.take([share, place]).entries ?? []
    })
  }
}

/** Two connects from one address can go to different listeners. */
const wayTo = (listener: string, from: Address): string => `${formatAddress(from)} ${listener}`

const scopeOf = (listener: string): string => `passed/${listener}`

function sourceFor(way: string): Source {
  const digest = createHash('sha256').update(way).digest()
  return digest.toString('latin1', 0, SOURCE_BYTES) as Source
}
