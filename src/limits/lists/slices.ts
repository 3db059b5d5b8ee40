/**
 * Work in slices, so that a long list blocks no client: after each ms the event loop runs once. The caller asks `isOver` often,
 * and then waits for `next`.
 */
import { setImmediate } from 'node:timers/promises'

const SLICE_MS = 1

export class Slices {
  #endsAt = performance.now() + SLICE_MS

  get isOver(): boolean {
    return performance.now() >= this.#endsAt
  }

  async next(): Promise<void> {
    await setImmediate()
    this.#endsAt = performance.now() + SLICE_MS
  }
}
