/**
 * The calls of the addon about tables of counts that several processes share. As all calls of the addon, they return -errno if
 * they fail.
 */
export interface NativeCountsTables {
  /**
   * Makes a table in an anonymous file (memfd_create(2)). Returns its fd. The caller closes it. The table lasts as long as
   * somebody has the fd, or has mapped it.
   */
  createCounts(sources: number, scopes: number, processes: number): number
  /**
   * Maps the table for the process number `process`. Returns the number of the mapping, for all other calls. The fd may be
   * closed afterwards. `wants` has WANT_CELLS for each want, `listed` has LISTED_CELLS for each source of a list. Both begin
   * where their ArrayBuffer begins.
   */
  mapCounts(fd: number, process: number, wants: Int32Array, listed: Int32Array): number
  unmapCounts(table: number): number
  /**
   * Takes a place of the first `count` wants, or none. `now` in ns of CLOCK_MONOTONIC, `day` in days since 1970. Returns -1,
   * or the index of the want that refuses.
   */
  takeCounts(table: number, count: number, now: number, day: number): number
  leaveCounts(table: number, entry: number): number
  /** The same, and counts the place as given to another table. */
  giveCounts(table: number, entry: number): number
  /**
   * Takes over a place of the key of the first want, whose WANT_ENTRY then has the entry, from the process with the last number.
   * -ENOENT: it holds none.
   */
  adoptCounts(table: number): number
  /** Writes the entry of the key of the first want as the first one of `listed`. Returns 1. 0: there is none. */
  lookCounts(table: number, now: number, day: number): number
  /**
   * Adds to the entry of the key of the first want what another table has counted: `busyUntil` in ns of CLOCK_MONOTONIC, and bytes
   * of this day. Without room for the entry nothing happens.
   */
  addCounts(table: number, busyUntil: number, bytes: number, now: number, day: number): number
  /** Returns the sum of the day over all processes. 0: this process does not hold the entry. */
  addBytes(table: number, entry: number, bytes: number, day: number): number
  /** Returns the sum over all processes. 0: this process does not hold the entry. */
  demand(table: number, entry: number, amount: number): number
  /** Gives back all that a process holds. It must be gone. */
  reclaimCounts(table: number, process: number): number
  /**
   * Lists sources of the scope of the first want, from entry `from` on. Returns their number. WANT_ENTRY of the first want
   * then says where to go on. 0: this is the end.
   */
  listCounts(table: number, from: number, now: number, day: number): number
}
