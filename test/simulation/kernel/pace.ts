/** How fast a paced socket sends (SO_MAX_PACING_RATE, tcp_internal_pacing): each segment waits for the time of the last one. */

/** Bytes of one segment. */
const SEGMENT_BYTES = 1448

export class Pace {
  readonly #bytesPerMs: number
  /** When the next segment may go (ms). */
  #nextAt: number

  constructor(bytesPerSecond: number, now: number) {
    this.#bytesPerMs = bytesPerSecond / 1000
    this.#nextAt = now
  }

  /** How many of `wanted` bytes go at this moment. */
  take(wanted: number, now: number): number {
    this.#nextAt = Math.max(this.#nextAt, now - SEGMENT_BYTES / this.#bytesPerMs)
    let bytes = 0
    while (bytes < wanted && this.#nextAt <= now) {
      const segment = Math.min(SEGMENT_BYTES, wanted - bytes)
      bytes += segment
      this.#nextAt += segment / this.#bytesPerMs
    }
    return bytes
  }
}
