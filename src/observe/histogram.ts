/**
 * A latency histogram with fixed bounds. Observing allocates nothing.
 */
import type { HistogramStatus } from './status.js'

/** Seconds. */
export const LATENCY_BOUNDS: readonly number[] = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60,
]

export class Histogram {
  readonly #counts = new Array<number>(LATENCY_BOUNDS.length + 1).fill(0)
  #sum = 0

  observe(seconds: number): void {
    let bucket = 0
    while (bucket < LATENCY_BOUNDS.length && seconds > LATENCY_BOUNDS[bucket]!) bucket++
    this.#counts[bucket]!++
    this.#sum += seconds
  }

  status(): HistogramStatus {
    return { bounds: LATENCY_BOUNDS, counts: [...this.#counts], sum: this.#sum }
  }
}
