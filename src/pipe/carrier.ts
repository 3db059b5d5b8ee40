/**
 * A carrier moves one direction's bytes. It has no state of its own. Its state is on the flow, where only
 * carriers for the same kind of ends read it. So a connection with nothing in flight costs no carrier, no
 * kernel pipe and no buffer.
 */
import type { Flow } from './flow.js'

/** In place of a count of bytes: the kernel is short of memory. Try again soon: no event will come. */
export const MUST_WAIT = -1

export type CarrierName = 'kernel' | 'copy' | 'stream'

/** A carrier serves flows whose ends are of a kind that it knows. */
export interface Carrier<Served extends Flow = Flow> {
  readonly name: CarrierName
  /**
   * Moves what can move now, and takes at most about `budget` bytes from the source. With a budget of 0 it takes
   * none, and only gives away what is inside. It tells the flow what came in, what went out and what it learned about both ends. Returns how many bytes came in, or MUST_WAIT.
   */
  move(flow: Served, budget: number): number
  /** Gives up the bytes inside, which are lost. Called when the direction failed or the pipe has ended. */
  drop(flow: Served): void
}
