/**
 * The calls of the addon about tables of counts. A table belongs to the machine. It counts as a table in the memory of one
 * process does. A simulated process never ends inside a call, so no table needs a repair.
 */
import * as c from '../../../src/io/kernel/native-constants.js'
import type { NativeCountsTables } from '../../../src/io/kernel/native-counts-tables.js'
import type { Counted, Counts, CountsClock, Key, WhyRefused } from '../../../src/limits/counts/counts.js'
import { OwnCountsTable } from '../../../src/limits/counts/own-counts.js'
import type { Source } from '../../../src/source.js'
import * as e from '../kernel/errnos.js'
import type { Machine } from '../kernel/machine.js'

/** Above all fds of the simulated kernel. Every process has inherited these. */
export const FIRST_COUNTS_FD = 1_000_000
const NS_PER_SECOND = 1e9
const SOURCE_BYTES = 16
const CELL_BYTES = 4
const ALL_TAKEN = -1
/** A fraction that a division and a multiplication do not lose. */
const NUDGE = 0.5
const REFUSALS: Readonly<Record<WhyRefused, number>> = {
  connections: c.TOO_MANY,
  rate: c.TOO_FAST,
  'full-table': c.FULL_TABLE,
}

/** A table, and the time that the last call told. */
export class CountsFile {
  readonly processes: number
  readonly table: OwnCountsTable
  readonly clock = { ns: 0, today: 0 }

  constructor(sources: number, scopes: number, processes: number) {
    this.processes = processes
    const clock: CountsClock = { now: () => this.clock.ns, day: () => this.clock.today }
    this.table = new OwnCountsTable({ sources, scopes, processes, clock })
  }

  tell(now: number, day: number): void {
    this.clock.ns = now
    this.clock.today = day
  }
}

interface Mapping {
  readonly file: CountsFile
  readonly counts: Counts
  readonly wants: Int32Array
  readonly listed: Int32Array
}

export class CountsTables implements NativeCountsTables {
  readonly #machine: Machine
  readonly #mapped: (Mapping | undefined)[] = []

  constructor(machine: Machine) {
    this.#machine = machine
  }

  createCounts(sources: number, scopes: number, processes: number): number {
    return FIRST_COUNTS_FD + this.#machine.countsFiles.push(new CountsFile(sources, scopes, processes)) - 1
  }

  mapCounts(fd: number, process: number, wants: Int32Array, listed: Int32Array): number {
    const file = this.#machine.countsFiles[fd - FIRST_COUNTS_FD]
    if (file === undefined) return -e.EBADF
    if (process < 0 || process >= file.processes) return -e.EINVAL
    return this.#mapped.push({ file, counts: file.table.view(process), wants, listed }) - 1
  }

  unmapCounts(table: number): number {
    if (this.#mapped[table] === undefined) return -e.EBADF
    this.#mapped[table] = undefined
    return 0
  }

  takeCounts(table: number, count: number, now: number, day: number): number {
    const mapping = this.#mapped[table]
    if (mapping === undefined) return -e.EBADF
    const { file, counts, wants } = mapping
    file.tell(now, day)
    const taken = counts.take(Array.from({ length: count }, (_, index) => wantAt(wants, index)))
    if (taken.entries === undefined) {
      wants[taken.refused * c.WANT_CELLS + c.WANT_REFUSAL] = REFUSALS[taken.why]
      return taken.refused
    }
    for (const [index, entry] of taken.entries.entries()) wants[index * c.WANT_CELLS + c.WANT_ENTRY] = entry
    return ALL_TAKEN
  }

  leaveCounts(table: number, entry: number): number {
    this.#mapped[table]?.counts.leave(entry)
    return 0
  }

  giveCounts(table: number, entry: number): number {
    this.#mapped[table]?.counts.give(entry)
    return 0
  }

  adoptCounts(table: number): number {
    const mapping = this.#mapped[table]
    if (mapping === undefined) return -e.EBADF
    const entry = mapping.counts.adopt(keyAt(mapping.wants, 0))
    if (entry === undefined) return -e.ENOENT
    mapping.wants[c.WANT_ENTRY] = entry
    return 0
  }

  lookCounts(table: number, now: number, day: number): number {
    const mapping = this.#mapped[table]
    if (mapping === undefined) return -e.EBADF
    mapping.file.tell(now, day)
    const counted = mapping.counts.look(keyAt(mapping.wants, 0))
    if (counted === undefined) return 0
    writeRow(mapping.listed, 0, counted)
    return 1
  }

  addCounts(table: number, busyUntil: number, bytesToday: number, now: number, day: number): number {
    const mapping = this.#mapped[table]
    if (mapping === undefined) return -e.EBADF
    mapping.file.tell(now, day)
    mapping.counts.add(keyAt(mapping.wants, 0), { busyUntil, bytesToday })
    return 0
  }

  addBytes(table: number, entry: number, bytes: number, day: number): number {
    const mapping = this.#mapped[table]
    mapping?.file.tell(mapping.file.clock.ns, day)
    return mapping?.counts.addBytes(entry, bytes) ?? 0
  }

  demand(table: number, entry: number, amount: number): number {
    return this.#mapped[table]?.counts.demand(entry, amount) ?? 0
  }

  reclaimCounts(table: number, process: number): number {
    this.#mapped[table]?.file.table.reclaim(process)
    return 0
  }

  /** `from` is the number of sources that were listed before. */
  listCounts(table: number, from: number, now: number, day: number): number {
    const mapping = this.#mapped[table]
    if (mapping === undefined) return -e.EBADF
    const { file, counts, wants, listed } = mapping
    file.tell(now, day)
    const all = [...counts.sources(keyAt(wants, 0).scope)]
    const page = all.slice(from, from + listed.length / c.LISTED_CELLS)
    for (const [index, row] of page.entries()) writeRow(listed, index, row)
    wants[c.WANT_ENTRY] = from + page.length < all.length ? from + page.length : 0
    return page.length
  }
}

function writeRow(listed: Int32Array, index: number, row: Counted & { readonly source?: Source }): void {
  const rows = Buffer.from(listed.buffer)
  const at = index * c.LISTED_CELLS * CELL_BYTES
  if (row.source !== undefined) rows.write(row.source, at + c.LISTED_SOURCE * CELL_BYTES, 'latin1')
  rows.writeDoubleLE(row.held, at + c.LISTED_HELD * CELL_BYTES)
  rows.writeDoubleLE(row.newPerSecond, at + c.LISTED_TAKEN * CELL_BYTES)
  rows.writeDoubleLE(row.bytesToday, at + c.LISTED_BYTES * CELL_BYTES)
  rows.writeDoubleLE(row.busyUntil, at + c.LISTED_BUSY_UNTIL * CELL_BYTES)
  rows.writeDoubleLE(row.given, at + c.LISTED_GIVEN * CELL_BYTES)
}

function keyAt(wants: Int32Array, index: number): Key {
  const at = index * c.WANT_CELLS
  const scope = `${wants[at + c.WANT_SCOPE]} ${wants[at + c.WANT_SCOPE + 1]}`
  if (wants[at + c.WANT_IS_SOURCE] === 0) return { scope }
  const from = (at + c.WANT_SOURCE) * CELL_BYTES
  const source = Buffer.from(wants.buffer).toString('latin1', from, from + SOURCE_BYTES) as Source
  return { scope, source }
}

function wantAt(wants: Int32Array, index: number) {
  const numbers = Buffer.from(wants.buffer)
  const numberAt = (cell: number) => numbers.readDoubleLE((index * c.WANT_CELLS + cell) * CELL_BYTES)
  const interval = numberAt(c.WANT_INTERVAL)
  return {
    key: keyAt(wants, index),
    most: numberAt(c.WANT_MOST),
    perSecond: interval === 0 ? 0 : NS_PER_SECOND / (interval + NUDGE),
    burst: interval === 0 ? 1 : (numberAt(c.WANT_SLACK) + NUDGE) / interval + 1,
  }
}
