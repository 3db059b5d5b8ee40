/** native/copy_offload.cc, on the simulated kernel. */
import * as native from '../../../src/io/kernel/native-constants.js'
import { READABLE, WRITABLE } from '../../../src/io/socket.js'
import type { Transfers } from './transfer.js'

const MOST_BYTES_PER_BATCH = 4 * 1024 * 1024
const MOST_UNTOLD = 1 << 30
const CELLS = 2

/** One event, before it is written into the batch. */
export interface Event {
  readonly fd: number
  readonly generation: number
  readonly readiness: number
  came: number
  went: number
  found: number
}

export class CopyOffload {
  readonly #copies: Int32Array
  readonly #carried: Int32Array
  readonly #outcome: Int32Array
  readonly #room: number
  readonly #transfers: Transfers
  #bytes = 0
  #now = 0

  constructor(
    copies: Int32Array,
    carried: Int32Array,
    outcome: Int32Array,
    room: number,
    transfers: Transfers,
  ) {
    this.#copies = copies
    this.#carried = carried
    this.#outcome = outcome
    this.#room = room
    this.#transfers = transfers
  }

  /** `now` is in ms. */
  beginBatch(now: number): void {
    this.#bytes = 0
    this.#now = Math.floor(now)
  }

  carryOut(event: Event): 'none' | 'in-batch' | 'at-once' {
    if ((event.readiness & ~WRITABLE) !== READABLE || this.#bytes >= MOST_BYTES_PER_BATCH) return 'in-batch'
    const at = event.fd * CELLS
    if (at >= this.#copies.length) return 'in-batch'
    const copy = this.#copies[at + 1]!
    const sink = copy & 0xffff
    if (sink === 0 || this.#copies[at] !== event.generation) return 'in-batch'
    event.found = this.#transfers.copy(event.fd, sink, this.#room, 0)
    event.came = this.#outcome[native.IN]!
    event.went = this.#outcome[native.OUT]!
    this.#bytes += event.came
    if ((event.found & ~native.SOURCE_EMPTY) !== 0) return 'at-once'
    const isToldOf = event.came >= (copy >>> 16) * 1024
    if (event.found === 0 || isToldOf || this.#carried[at]! >= MOST_UNTOLD) return 'in-batch'
    this.#carried[at] = this.#carried[at]! + event.came
    this.#carried[at + 1] = this.#now
    return 'none'
  }
}
