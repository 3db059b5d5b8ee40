/**
 * What moves one direction's bytes. A carrier has no state of its own: it keeps it on the flow, where only carriers of
 * the same kind of ends read it. So a connection with nothing in flight costs no carrier, no pipe and no buffer.
 */
import type { Flow } from './flow.js'

/** Instead of a count of bytes: the kernel is short of memory. Try again soon, no event will come. */
export const MUST_WAIT = -1

export type CarrierName = 'kernel' | 'copy' | 'stream'

/** Of flows between ends of a kind that it knows. */
export interface Carrier<Served extends Flow = Flow> {
  readonly name: CarrierName
  /**
   * Moves what can be moved now, taking at most about `budget` bytes from the source, and tells the flow what came in,
   * what went out and what it learned of both ends. Answers how many bytes came in, or MUST_WAIT.
   */
  move(flow: Served, budget: number): number
  /** Gives up whatever is inside. Bytes are lost; called when the direction has failed or the pipe has ended. */
  drop(flow: Served): void
}
