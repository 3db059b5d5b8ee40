/** Which faults of a connection have begun, and where the next one begins. Pure. */
import type { Direction, Fault } from './fault.js'

/** Where a connection is: bytes that have passed, and the time in ms. */
export interface Position {
  readonly up: number
  readonly down: number
  readonly at: number
}

export class Schedule {
  readonly faults: readonly Fault[]
  readonly #from: Position
  readonly #begun = new Set<Fault>()

  /** `after` of each fault counts from the position `from`. */
  constructor(faults: readonly Fault[], from: Position) {
    this.faults = faults
    this.#from = from
  }

  /** The faults that have begun, in the order of the list. */
  get begun(): readonly Fault[] {
    return this.faults.filter((fault) => this.#begun.has(fault))
  }

  /** Returns the faults that begin at this position and had not begun before. */
  advance(now: Position): readonly Fault[] {
    const beginning = this.#waiting().filter(
      (fault) =>
        now.up >= this.#placeIn('up', fault) ||
        now.down >= this.#placeIn('down', fault) ||
        now.at >= this.#timeOf(fault),
    )
    for (const fault of beginning) this.#begun.add(fault)
    return beginning
  }

  /** How many bytes of this direction may pass before the next fault begins. */
  limitOf(direction: Direction): number {
    return Math.min(...this.#waiting().map((fault) => this.#placeIn(direction, fault)))
  }

  /** When the next fault begins that waits for a time. Infinity: none does. */
  get nextAt(): number {
    return Math.min(...this.#waiting().map((fault) => this.#timeOf(fault)))
  }

  #waiting(): readonly Fault[] {
    return this.faults.filter((fault) => !this.#begun.has(fault))
  }

  #placeIn(direction: Direction, fault: Fault): number {
    const after = 'after' in fault ? fault.after : undefined
    return after?.direction === direction ? this.#from[direction] + after.bytes : Number.POSITIVE_INFINITY
  }

  /** A fault without `after` begins at once. */
  #timeOf(fault: Fault): number {
    const after = 'after' in fault ? fault.after : undefined
    if (after === undefined) return this.#from.at
    return after.ms === undefined ? Number.POSITIVE_INFINITY : this.#from.at + after.ms
  }
}
