/**
 * The table of counts as limits see it: who holds how many places, how often places are taken, and how many bytes passed.
 * It knows no listeners, clusters or connections. What a key means is the business of those who ask. Types only.
 */
import type { Source } from '../../source.js'

/**
 * What is counted: a scope, or one source in a scope. Scopes are names such as `process`, `listener/NAME`, `cluster/NAME`
 * and `backend/CLUSTER/ADDRESS`.
 */
export interface Key {
  readonly scope: string
  readonly source?: Source | undefined
}

/** One place that somebody asks for. */
export interface Want {
  readonly key: Key
  /** How many places may be held at the same time, in all processes. 0: any number. */
  readonly most: number
  /** How many places may be taken each second on average. It may be a fraction. 0: any number. */
  readonly perSecond: number
  /** How many places may be taken at once after a quiet time. At least 1. Nothing reads it if `perSecond` is 0. */
  readonly burst: number
}

/**
 * Why nothing is taken. `full-table`: no entry is free for a new key. It is also the answer while another process was
 * stopped inside the table.
 */
export type WhyRefused = 'connections' | 'rate' | 'full-table'

/** Something can only be held if all of it is held. */
export type Taken =
  /** One place of each want is held, in the order of the wants. `leave` gives it back. */
  | { readonly entries: readonly number[]; readonly refused?: never; readonly why?: never }
  /** `refused`: the index of the first want that refuses. */
  | { readonly refused: number; readonly why: WhyRefused; readonly entries?: never }

/** What is counted in one entry. */
export interface Counted {
  readonly held: number
  /** Places taken in the last second. */
  readonly newPerSecond: number
  readonly bytesToday: number
  /** Places of connections that another process counts by now, see `give`. */
  readonly given: number
  /** ns of the clock: when all places that were taken are paid for at the rate. */
  readonly busyUntil: number
}

/** What is known of one source in one scope. */
export interface SourceCounts extends Counted {
  readonly source: Source
}

/** The table as one process sees it. */
export interface Counts {
  /**
   * Whether all processes count together. If not, this process has its part of every limit. The parts of all processes
   * add up to the limit.
   */
  readonly isShared: boolean
  /**
   * Takes one place of each want, or nothing. No other process sees a state in between. The keys of one call must differ.
   */
  take(wants: readonly Want[]): Taken
  /** Gives back one place that this process holds. An entry that this process does not hold stays as it is. */
  leave(entry: number): void
  /** The same for the place of a connection that another process goes on with, which counts it in its own table. */
  give(entry: number): void
  /**
   * Takes over a place that the last process of the table holds for connections that another process hands over. The connection comes
   * here with it. Returns its entry. Undefined: that process holds none.
   */
  adopt(key: Key): number | undefined
  /** The places held in all processes that count together. */
  held(key: Key): number
  /** What all processes that count together have counted. Undefined: nothing is known of the key. */
  look(key: Key): Counted | undefined
  /** Adds what another table has counted, of which nobody holds a place here. If the table is full, nothing happens. */
  add(key: Key, counted: Pick<Counted, 'busyUntil' | 'bytesToday'>): void
  /**
   * Adds bytes to an entry that this process holds. Returns the bytes of this day (UTC). If processes do not count together,
   * it returns what they have if all have as much as this one.
   */
  addBytes(entry: number, bytes: number): number
  /**
   * Says how much this process asks of an entry that it holds, as a whole number in any unit, at most 4294967295. It holds
   * until the process says something else or leaves. Returns the sum over all processes. If they do not count together, it
   * returns that sum if all ask for as much as this one.
   */
  demand(entry: number, amount: number): number
  /** The sources that are known in a scope, in no order. */
  sources(scope: string): Iterable<SourceCounts>
}

/** The clock of a table. All processes that count together need the same. */
export interface CountsClock {
  /** ns since any moment, as a whole number that never falls. */
  now(): number
  /** Days since the beginning of 1970, UTC. */
  day(): number
}
