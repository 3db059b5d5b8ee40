/**
 * A histogram with fixed bounds. `observe` allocates nothing.
 */
import type { HistogramStatus } from '../status.js'

/** Seconds, for waits such as a connect. */
export const LATENCY_BOUNDS: readonly number[] = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60,
]
/** Seconds, for whole connections: from a request up to a day. */
export const DURATION_BOUNDS: readonly number[] = [
  0.005, 0.025, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 10_800, 21_600, 43_200, 86_400,
]

/** Seconds, for the delays of timers in the event loop. */
export const DELAY_BOUNDS: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
]

export class Histogram {
  readonly #bounds: readonly number[]
  readonly #counts: number[]
  #sum = 0

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
    this.#counts = new Array<number>(bounds.length + 1).fill(0)
  }

  observe(value: number): void {
    let bucket = 0
    while (bucket < this.#bounds.length && value > this.#bounds[bucket]!) bucket++
    this.#counts[bucket]!++
    this.#sum += value
  }

  status(): HistogramStatus {
    return { bounds: this.#bounds, counts: [...this.#counts], sum: this.#sum }
  }
}

/** Adds up several histograms of the same bounds. */
export function addHistograms(histograms: readonly HistogramStatus[]): HistogramStatus {
  const { bounds, counts } = histograms[0]!
  const sum = (valueOf: (histogram: HistogramStatus) => number): number =>
    histograms.reduce((total, histogram) => total + valueOf(histogram), 0)
  return {
    bounds,
    counts: counts.map((_, index) => sum((histogram) => histogram.counts[index] ?? 0)),
    sum: sum((histogram) => histogram.sum),
  }
}
