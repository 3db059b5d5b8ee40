/** A schedule of faults from a seed: the same seed, kinds and connection always give the same faults. Pure. */
import type { AfterBytes, Direction, Fault, FaultKind } from './fault.js'

/** Faults that keep every byte. A connection gets any number of them. */
const TREATMENTS = ['delay', 'throttle', 'split', 'join'] as const
/** A connection gets one of them at most. */
const ENDINGS = ['hang', 'halfClose', 'close', 'reset', 'refuse'] as const
export const FAULT_KINDS: readonly FaultKind[] = [...TREATMENTS, ...ENDINGS]

const MOST_AFTER_BYTES = 65_536

/** The faults of connection `index`. */
export function randomFaults(seed: number, index: number, kinds: readonly FaultKind[]): readonly Fault[] {
  const dice = new Dice(seed, index)
  const treatments = TREATMENTS.filter((kind) => kinds.includes(kind) && dice.whole(1, 2) === 1)
  const endings = ENDINGS.filter((kind) => kinds.includes(kind))
  const ending = endings.length > 0 && dice.whole(1, 2) === 1 ? [dice.oneOf(endings)] : []
  return [...treatments, ...ending].map((kind) => randomFault(kind, dice))
}

function randomFault(kind: FaultKind, dice: Dice): Fault {
  const direction = dice.oneOf(['up', 'down', 'both'] as const)
  const after = dice.after()
  switch (kind) {
    case 'delay':
      return { do: kind, direction, ms: dice.whole(1, 50), after }
    case 'throttle':
      return { do: kind, direction, bytesPerSecond: dice.size(16_384, 16_777_216), after }
    case 'split':
      return { do: kind, direction, bytes: dice.size(1, 4096), after }
    case 'join':
      return { do: kind, direction, bytes: dice.size(2, 65_536), ms: dice.whole(1, 20), after }
    case 'hang':
      return { do: kind, direction, reads: dice.whole(0, 1) === 1, after }
    case 'halfClose':
      return { do: kind, direction: dice.direction(), after }
    case 'refuse':
      return { do: kind }
    default:
      return { do: kind, after }
  }
}

/** Numbers from a seed: mulberry32. */
class Dice {
  #state: number

  constructor(seed: number, index: number) {
    this.#state = (seed ^ Math.imul(index + 1, 0x9e3779b1)) >>> 0
  }

  /** From `least` to `most`, both included. */
  whole(least: number, most: number): number {
    return least + Math.floor(this.#next() * (most - least + 1))
  }

  /** As `whole`, with small numbers as often as large ones. */
  size(least: number, most: number): number {
    return Math.min(most, Math.floor(least * (most / least) ** this.#next()))
  }

  oneOf<Value>(values: readonly Value[]): Value {
    return values[this.whole(0, values.length - 1)]!
  }

  direction(): Direction {
    return this.oneOf(['up', 'down'])
  }

  after(): AfterBytes {
    return { bytes: this.size(1, MOST_AFTER_BYTES + 1) - 1, direction: this.direction() }
  }

  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
