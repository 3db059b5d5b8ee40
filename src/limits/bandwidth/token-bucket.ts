/**
 * A token bucket: bytes come at a rate, and at most `burst` of them gather. In any time t it gives away at most
 * rate * t + burst bytes. It has no clock. Every call gets the time in ms, which must not run backwards.
 */

/** So much of the rate gathers while nobody takes any, in ms. A late timer then costs no throughput. */
const BURST_MS = 50
/** The least burst in bytes, so that a low rate is not used up in single bytes. */
const LEAST_BURST_BYTES = 4096

export class TokenBucket {
  #bytesPerMs: number
  #burst: number
  #level: number
  #at: number

  /** It starts full. */
  constructor(bytesPerSecond: number, now: number) {
    this.#bytesPerMs = bytesPerSecond / 1000
    this.#burst = burstOf(bytesPerSecond)
    this.#level = this.#burst
    this.#at = now
  }

  get bytesPerSecond(): number {
    return this.#bytesPerMs * 1000
  }

  get burst(): number {
    return this.#burst
  }

  /** From now on bytes come at another rate. Those that are there stay, up to the new burst. */
  setRate(bytesPerSecond: number, now: number): void {
    this.level(now)
    this.#bytesPerMs = bytesPerSecond / 1000
    this.#burst = burstOf(bytesPerSecond)
    this.#level = Math.min(this.#level, this.#burst)
  }

  /** How many bytes are there. Less than 0 after somebody took more than that. */
  level(now: number): number {
    if (now > this.#at) {
      this.#level = Math.min(this.#burst, this.#level + (now - this.#at) * this.#bytesPerMs)
      this.#at = now
    }
    return this.#level
  }

  /** Takes bytes, there or not. A negative number gives bytes back that were taken and not used. */
  take(bytes: number): void {
    this.#level = Math.min(this.#burst, this.#level - bytes)
  }
}

function burstOf(bytesPerSecond: number): number {
  return Math.max(LEAST_BURST_BYTES, (bytesPerSecond * BURST_MS) / 1000)
}
