/**
 * What one direction has of one limit: bytes that were handed out to it, and what it may take out of turn. A
 * share of a direction that moves nothing holds nothing.
 */
export class Share {
  /** Bytes that the direction may take now. It gives back what it does not use. */
  granted = 0
  /** It waits in the queue of the limit, and is told when it may take bytes. */
  isWaiting = false
  /** Bytes that it took beyond what was granted. Its next turns are smaller by that. Never above 0. */
  deficit = 0
  /** Bytes that it may take before others that wait. They come at nearly its fair part of the rate. */
  credit: number
  /** When `credit` was last counted, in ms. */
  creditAt: number
  /** Tells the direction that bytes were handed out. */
  readonly wake: () => void

  constructor(credit: number, now: number, wake: () => void) {
    this.credit = credit
    this.creditAt = now
    this.wake = wake
  }
}
