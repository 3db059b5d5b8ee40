/**
 * A table of counts that several processes share, as one of them sees it. The table is in an anonymous file that each process
 * has mapped. The addon counts. This file writes keys for it and reads its answers. It keeps no counts.
 */
import { createHash } from 'node:crypto'
import {
  FULL_TABLE,
  LISTED_BUSY_UNTIL,
  LISTED_BYTES,
  LISTED_CELLS,
  LISTED_GIVEN,
  LISTED_HELD,
  LISTED_SOURCE,
  LISTED_TAKEN,
  TOO_FAST,
  TOO_MANY,
  WANT_CELLS,
  WANT_ENTRY,
  WANT_INTERVAL,
  WANT_IS_SOURCE,
  WANT_MOST,
  WANT_REFUSAL,
  WANT_SCOPE,
  WANT_SLACK,
  WANT_SOURCE,
} from '../../io/kernel/native-constants.js'
import type { NativeCountsTables } from '../../io/kernel/native-counts-tables.js'
import type { Source } from '../../source.js'
import { countsClock } from './clock.js'
import type { Counted, Counts, CountsClock, Key, SourceCounts, Taken, Want, WhyRefused } from './counts.js'
import { intervalOf, slackOf } from './rate.js'

/** A connection has a place in each scope, and one as a source in each scope. */
const MOST_WANTS = 16
const LISTED_AT_ONCE = 256
const SOURCE_BYTES = 16
const CELL_BYTES = 4
const DOUBLE_CELLS = 2
/** More are never in use. A table has room for so many. */
const MOST_SCOPE_HASHES = 65_536
/** The answer of `takeCounts` if nothing refuses. */
const ALL_TAKEN = -1
const UNMAPPED: Taken = { refused: 0, why: 'full-table' }
const WHY: Readonly<Record<number, WhyRefused>> = {
  [TOO_MANY]: 'connections',
  [TOO_FAST]: 'rate',
  [FULL_TABLE]: 'full-table',
}

/** Cells that the addon reads and writes, as whole numbers, as doubles and as bytes. */
class Cells {
  readonly words: Int32Array
  readonly doubles: Float64Array
  readonly bytes: Buffer

  constructor(cells: number) {
    const memory = new ArrayBuffer(cells * CELL_BYTES)
    this.words = new Int32Array(memory)
    this.doubles = new Float64Array(memory)
    this.bytes = Buffer.from(memory)
  }
}

export class SharedCounts implements Counts {
  readonly isShared = true
  readonly #native: NativeCountsTables
  readonly #clock: CountsClock
  readonly #table: number
  readonly #wants = new Cells(MOST_WANTS * WANT_CELLS)
  readonly #listed = new Cells(LISTED_AT_ONCE * LISTED_CELLS)
  /** The first 64 bits of a digest stand for a scope: names have any length. */
  readonly #scopes = new Map<string, readonly [number, number]>()

  /**
   * `fd`: a table of `createCounts`. The caller may close it afterwards. `worker`: the number of this process, from 0. What
   * another process with this number held is given back.
   *
   * @throws Error if the table cannot be used
   */
  constructor(native: NativeCountsTables, fd: number, worker: number, clock = countsClock()) {
    this.#native = native
    this.#clock = clock
    this.#table = native.mapCounts(fd, worker, this.#wants.words, this.#listed.words)
    if (this.#table < 0) throw new Error(`the table of counts cannot be mapped: errno ${-this.#table}`)
    if (this.reclaim(worker)) return
    this.close()
    throw new Error('another process was stopped inside the table of counts')
  }

  take(wants: readonly Want[]): Taken {
    const count = wants.length
    if (count > MOST_WANTS) throw new RangeError(`${count} wants are too many: ask for ${MOST_WANTS}`)
    for (let index = 0; index < count; index++) this.#write(index, wants[index]!)
    const refused = this.#native.takeCounts(this.#table, count, this.#clock.now(), this.#clock.day())
    const { words } = this.#wants
    if (refused !== ALL_TAKEN)
      return refused < 0 ? UNMAPPED : { refused, why: WHY[words[refused * WANT_CELLS + WANT_REFUSAL]!]! }
    const entries: number[] = []
    for (let index = 0; index < count; index++) entries.push(words[index * WANT_CELLS + WANT_ENTRY]!)
    return { entries }
  }

  leave(entry: number): void {
    this.#native.leaveCounts(this.#table, entry)
  }

  give(entry: number): void {
    this.#native.giveCounts(this.#table, entry)
  }

  adopt(key: Key): number | undefined {
    this.#writeKey(0, key)
    return this.#native.adoptCounts(this.#table) === 0 ? this.#wants.words[WANT_ENTRY]! : undefined
  }

  held(key: Key): number {
    return this.#find(key) ? this.#listed.doubles[LISTED_HELD / DOUBLE_CELLS]! : 0
  }

  look(key: Key): Counted | undefined {
    return this.#find(key) ? this.#read(0) : undefined
  }

  add(key: Key, { busyUntil, bytesToday }: Pick<Counted, 'busyUntil' | 'bytesToday'>): void {
    this.#writeKey(0, key)
    const [now, day] = [this.#clock.now(), this.#clock.day()]
    this.#native.addCounts(this.#table, busyUntil, bytesToday, now, day)
  }

  addBytes(entry: number, bytes: number): number {
    return this.#native.addBytes(this.#table, entry, bytes, this.#clock.day())
  }

  demand(entry: number, amount: number): number {
    return this.#native.demand(this.#table, entry, amount)
  }

  *sources(scope: string): Generator<SourceCounts> {
    for (let from = 0, isEnd = false; !isEnd; ) {
      this.#writeKey(0, { scope })
      const count = this.#native.listCounts(this.#table, from, this.#clock.now(), this.#clock.day())
      from = this.#wants.words[WANT_ENTRY]!
      isEnd = from === 0
      yield* Array.from({ length: Math.max(count, 0) }, (_, index) => this.#readSource(index))
    }
  }

  /** Gives back all that a process holds. It must be gone. Returns whether that was possible at this moment. */
  reclaim(worker: number): boolean {
    return this.#native.reclaimCounts(this.#table, worker) === 0
  }

  /** From now on it refuses everything. What this process holds stays held. */
  close(): void {
    this.#native.unmapCounts(this.#table)
  }

  #write(index: number, { key, most, perSecond, burst }: Want): void {
    this.#writeKey(index, key)
    const { doubles } = this.#wants
    const at = (index * WANT_CELLS) / DOUBLE_CELLS
    const interval = perSecond === 0 ? 0 : intervalOf(perSecond)
    doubles[at + WANT_MOST / DOUBLE_CELLS] = most
    doubles[at + WANT_INTERVAL / DOUBLE_CELLS] = interval
    doubles[at + WANT_SLACK / DOUBLE_CELLS] = slackOf(burst, interval)
  }

  #writeKey(index: number, { scope, source }: Key): void {
    const { words, bytes } = this.#wants
    const at = index * WANT_CELLS
    const [high, low] = this.#scopes.get(scope) ?? this.#hash(scope)
    words[at + WANT_SCOPE] = high
    words[at + WANT_SCOPE + 1] = low
    words[at + WANT_IS_SOURCE] = source === undefined ? 0 : 1
    const from = (at + WANT_SOURCE) * CELL_BYTES
    for (let i = 0; i < SOURCE_BYTES; i++) bytes[from + i] = source === undefined ? 0 : source.charCodeAt(i)
  }

  #hash(scope: string): readonly [number, number] {
    const digest = createHash('sha256').update(scope).digest()
    const words = [digest.readInt32LE(0), digest.readInt32LE(CELL_BYTES)] as const
    if (this.#scopes.size >= MOST_SCOPE_HASHES) this.#scopes.clear()
    this.#scopes.set(scope, words)
    return words
  }

  /** Whether the table has this entry. Then it is the first row of the list. */
  #find(key: Key): boolean {
    this.#writeKey(0, key)
    return this.#native.lookCounts(this.#table, this.#clock.now(), this.#clock.day()) > 0
  }

  #readSource(index: number): SourceCounts {
    const from = (index * LISTED_CELLS + LISTED_SOURCE) * CELL_BYTES
    const source = this.#listed.bytes.toString('latin1', from, from + SOURCE_BYTES) as Source
    return { source, ...this.#read(index) }
  }

  #read(index: number): Counted {
    const { doubles } = this.#listed
    const at = (index * LISTED_CELLS) / DOUBLE_CELLS
    return {
      held: doubles[at + LISTED_HELD / DOUBLE_CELLS]!,
      newPerSecond: doubles[at + LISTED_TAKEN / DOUBLE_CELLS]!,
      bytesToday: doubles[at + LISTED_BYTES / DOUBLE_CELLS]!,
      busyUntil: doubles[at + LISTED_BUSY_UNTIL / DOUBLE_CELLS]!,
      given: doubles[at + LISTED_GIVEN / DOUBLE_CELLS]!,
    }
  }
}
