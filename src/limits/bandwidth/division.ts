/**
 * The part of a shared rate that this process may use, beside other processes. A process in which directions wait gets
 * its part of what the others leave, by how many of its directions wait. A process in which nobody waits keeps what it
 * uses, and a little more. All processes tell this in the table of counts, ten times a second. So their parts add up to
 * the rate, but for the time of one look.
 */
import type { Counts } from '../counts/counts.js'
import type { RateOwner } from './rate-owner.js'
import type { SharedLimit } from './shared-limit.js'

/** What a process keeps beyond what it uses, so that it can grow until the next look. */
const HEADROOM = 1.1
/** The least part of a rate. A process that begins has it at once. */
const LEAST_PART = 1 / 64
/** What is told of bytes is told in this unit, because amounts in the table are below 4 Gi. */
const UNIT_BYTES = 1024
const MOST_AMOUNT = 2 ** 32 - 1

export class Division {
  /** The rate of all processes together. */
  bytesPerSecond: number
  readonly #counts: Counts
  readonly #limit: SharedLimit
  /** Its entries in the table: bytes that are used, and directions that wait. Undefined: the table is full. */
  readonly #entries: readonly number[] | undefined
  #passed = 0

  constructor(counts: Counts, { scope, source }: RateOwner, direction: 'up' | 'down', limit: SharedLimit) {
    this.bytesPerSecond = limit.bytesPerSecond
    this.#counts = counts
    this.#limit = limit
    const wants = ['moves', 'waits'].map((what) => ({
      key: { scope: `${scope} ${direction} ${what}`, source },
      most: 0,
      perSecond: 0,
      burst: 1,
    }))
    this.#entries = counts.take(wants).entries
  }

  /** Tells what this process asks for, and takes its part. `sinceMs`: the time since the last look. */
  look(sinceMs: number, now: number): void {
    const used = ((this.#limit.passed - this.#passed) / sinceMs) * 1000
    this.#passed = this.#limit.passed
    this.#limit.setRate(this.#partOf(used, this.#limit.takePeak()), now)
  }

  end(): void {
    for (const entry of this.#entries ?? []) this.#counts.leave(entry)
  }

  #partOf(used: number, waiting: number): number {
    const [moves, waits] = this.#entries ?? []
    const least = this.bytesPerSecond * LEAST_PART
    if (moves === undefined || waits === undefined) return least
    const kept = waiting > 0 ? 0 : Math.min(Math.ceil((used * HEADROOM) / UNIT_BYTES), MOST_AMOUNT)
    const allKept = this.#counts.demand(moves, kept) * UNIT_BYTES
    const allWaiting = this.#counts.demand(waits, waiting)
    const left = Math.max(0, this.bytesPerSecond - allKept)
    if (waiting > 0) return Math.max(least, (left * waiting) / Math.max(waiting, allWaiting))
    return kept * UNIT_BYTES + Math.max(least, allWaiting === 0 ? left : 0)
  }
}
