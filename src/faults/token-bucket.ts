/** A token bucket: one token a byte. It begins full. Pure. */

/** Sums of fractions may miss a whole token by this much. */
const ROUNDING_TOKENS = 1e-6

export class TokenBucket {
  #tokens = Number.POSITIVE_INFINITY
  #at = 0

  /** Takes tokens for `bytes` if they are there. Returns how long to wait otherwise, in ms. 0: they are taken. */
  take(bytes: number, bytesPerSecond: number, burstBytes: number, now: number): number {
    const refilled = this.#tokens + ((now - this.#at) * bytesPerSecond) / 1000
    this.#tokens = Math.min(burstBytes, refilled)
    this.#at = now
    const lacking = bytes - this.#tokens
    if (lacking > ROUNDING_TOKENS) return (lacking * 1000) / bytesPerSecond
    this.#tokens = Math.max(0, this.#tokens - bytes)
    return 0
  }
}
