/**
 * A table of counts in the memory of this process. A process without workers uses it, and workers without the addon: each
 * worker then has its own table and its part of every limit. Tests and simulations give one table to several processes.
 */

import type { Source } from '../../source.js'
import { countsClock } from './clock.js'
import type { Counted, Counts, CountsClock, Key, SourceCounts, Taken, Want, WhyRefused } from './counts.js'
import { Entry, Room } from './own-entry.js'
import { ALONE, type Part } from './part.js'

export interface OwnCountsOptions {
  /** How many sources the table has room for, in all scopes together. */
  readonly sources: number
  /** How many scopes it has room for. Default: 65536. */
  readonly scopes?: number
  /** How many processes the table has views for. Default: 1. */
  readonly processes?: number
  /** This worker, and how many there are, if each has a table of its own. Default: one process. */
  readonly part?: Part
  readonly clock?: CountsClock
}

/** Enough for every listener, cluster and backend of a large config. */
export const MOST_SCOPES = 65_536
/** The table of all processes that count together. */
export class OwnCountsTable {
  readonly #clock: CountsClock
  readonly #processes: number
  readonly #part: Part
  readonly #scopeRoom: Room
  readonly #sourceRoom: Room
  readonly #scopes = new Map<string, Entry>()
  readonly #sources = new Map<string, Map<Source, Entry>>()
  readonly #entries: (Entry | undefined)[] = []
  readonly #free: number[] = []

  constructor(options: OwnCountsOptions) {
    const { sources, scopes = MOST_SCOPES, processes = 1, part = ALONE, clock = countsClock() } = options
    this.#clock = clock
    this.#processes = processes
    this.#part = part
    this.#sourceRoom = new Room(sources)
    this.#scopeRoom = new Room(scopes)
  }

  /** The table as the process `worker` sees it. */
  view(worker: number): Counts {
    return {
      isShared: this.#part.workers === 1,
      take: (wants) => this.#take(worker, wants),
      leave: (entry) => this.#leave(worker, entry),
      give: (entry) => this.#leave(worker, entry, true),
      adopt: (key) => this.#adopt(worker, key),
      held: (key) => this.#find(key)?.held ?? 0,
      look: (key) => this.#find(key)?.read(this.#clock.now(), this.#clock.day()),
      add: (key, counted) => this.#addCounted(key, counted),
      addBytes: (entry, bytes) => this.#addBytes(worker, entry, bytes),
      demand: (entry, amount) => this.#demand(worker, entry, amount),
      sources: (scope) => this.#listed(scope),
    }
  }

  /** Gives back all that a process holds. It must be gone. */
  reclaim(worker: number): void {
    for (const entry of this.#entries) {
      const share = entry?.shares[worker]
      if (entry === undefined || share === undefined) continue
      entry.held -= share.held
      share.held = 0
      share.demand = 0
      this.#rest(entry)
    }
  }

  #take(worker: number, wants: readonly Want[]): Taken {
    const now = this.#clock.now()
    const entries: Entry[] = []
    for (const want of wants) {
      const entry = this.#find(want.key) ?? this.#add(want.key, now)
      const why = entry === undefined ? 'full-table' : entry.whyNot(want, now, this.#part)
      // An entry that is about to be held must not be forgotten for the next one.
      if (entry !== undefined) this.#roomOf(entry).idle.delete(entry)
      if (why !== undefined) return this.#refuse(entries, entry, why)
      entries.push(entry!)
    }
    const numbers = new Array<number>(wants.length)
    for (let index = 0; index < wants.length; index++) {
      const entry = entries[index]!
      entry.hold(wants[index]!, worker, now, this.#part)
      numbers[index] = entry.number
    }
    return { entries: numbers }
  }

  #leave(worker: number, number: number, isGiven = false): void {
    const entry = this.#heldEntry(worker, number)
    if (entry === undefined) return
    entry.leave(worker)
    if (isGiven) entry.given++
    this.#rest(entry)
  }

  #adopt(worker: number, key: Key): number | undefined {
    const entry = this.#find(key)
    const last = this.#processes - 1
    return worker !== last && entry?.adopt(worker, last) === true ? entry.number : undefined
  }

  #addBytes(worker: number, number: number, bytes: number): number {
    const entry = this.#heldEntry(worker, number)
    if (entry === undefined) return 0
    const day = this.#clock.day()
    entry.bytes = entry.bytesOf(day) + bytes
    entry.day = day
    return entry.bytes * this.#part.workers
  }

  #addCounted(key: Key, { busyUntil, bytesToday }: Pick<Counted, 'busyUntil' | 'bytesToday'>): void {
    const entry = this.#find(key) ?? this.#add(key, this.#clock.now())
    if (entry === undefined) return
    const day = this.#clock.day()
    entry.isUsed = true
    entry.busyUntil = Math.max(entry.busyUntil, busyUntil)
    entry.bytes = entry.bytesOf(day) + bytesToday
    entry.day = day
    this.#rest(entry)
  }

  #demand(worker: number, number: number, amount: number): number {
    const entry = this.#heldEntry(worker, number)
    if (entry === undefined) return 0
    entry.shareOf(worker).demand = amount
    return this.#part.workers * entry.shares.reduce((sum, share) => sum + (share?.demand ?? 0), 0)
  }

  *#listed(scope: string): Generator<SourceCounts> {
    const [now, day] = [this.#clock.now(), this.#clock.day()]
    for (const [source, entry] of this.#sources.get(scope) ?? []) yield { source, ...entry.read(now, day) }
  }

  #heldEntry(worker: number, number: number): Entry | undefined {
    const entry = this.#entries[number]
    return entry !== undefined && entry.shareOf(worker).held > 0 ? entry : undefined
  }

  #roomOf({ source }: Key): Room {
    return source === undefined ? this.#scopeRoom : this.#sourceRoom
  }

  #find({ scope, source }: Key): Entry | undefined {
    return source === undefined ? this.#scopes.get(scope) : this.#sources.get(scope)?.get(source)
  }

  #add(key: Key, now: number): Entry | undefined {
    const room = this.#roomOf(key)
    if (room.isFull) {
      const forgotten = room.findForgettable(now, this.#clock.day())
      if (forgotten === undefined) return undefined
      this.#remove(forgotten)
    }
    const entry = new Entry(this.#free.pop() ?? this.#entries.length, key, this.#processes)
    this.#entries[entry.number] = entry
    room.used++
    this.#insert(entry)
    return entry
  }

  #insert(entry: Entry): void {
    const { scope, source } = entry
    if (source === undefined) {
      this.#scopes.set(scope, entry)
      return
    }
    const sources = this.#sources.get(scope) ?? new Map<Source, Entry>()
    sources.set(source, entry)
    this.#sources.set(scope, sources)
  }

  #remove(entry: Entry): void {
    const { scope, source } = entry
    const room = this.#roomOf(entry)
    room.idle.delete(entry)
    room.used--
    this.#entries[entry.number] = undefined
    this.#free.push(entry.number)
    if (source === undefined) {
      this.#scopes.delete(scope)
      return
    }
    const sources = this.#sources.get(scope)
    sources?.delete(source)
    if (sources?.size === 0) this.#sources.delete(scope)
  }

  /** `entries` are those of the wants before. */
  #refuse(entries: readonly Entry[], last: Entry | undefined, why: WhyRefused): Taken {
    for (const entry of entries) this.#rest(entry)
    if (last !== undefined) this.#rest(last)
    return { refused: entries.length, why }
  }

  /** If nobody holds the entry, the table may forget it. */
  #rest(entry: Entry): void {
    if (entry.held > 0) return
    if (!entry.isUsed) this.#remove(entry)
    else this.#roomOf(entry).idle.add(entry)
  }
}

/** A table for this process alone. */
export function createOwnCounts(options: OwnCountsOptions): Counts {
  return new OwnCountsTable(options).view(0)
}
