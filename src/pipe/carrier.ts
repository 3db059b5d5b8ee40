/**
 * What moves one direction's bytes. A carrier has no state: what it holds for a direction it keeps on the
 * direction, so a connection with nothing in flight costs no carrier, no pipe and no buffer.
 */
import type { Direction } from './direction.js'

/** Instead of a count of bytes: the kernel is short of memory. Try again soon, no event will come. */
export const MUST_WAIT = -1

export type CarrierName = 'kernel' | 'copy' | 'stream'

export interface Carrier {
  readonly name: CarrierName
  /**
   * Moves what can be moved now, taking at most about `budget` bytes from the source, and tells the direction
   * what came in, what went out and what it learned of both ends. Answers how many bytes came in, or MUST_WAIT.
   */
  move(direction: Direction, budget: number): number
  /** Gives up whatever is inside. Bytes are lost; called when the direction has failed or the pipe has ended. */
  drop(direction: Direction): void
}
