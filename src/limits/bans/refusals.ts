/**
 * When sources were refused, so that one that is refused too often can be banned. It remembers a bounded number of refusals:
 * if there are too many, it forgets the source whose last refusal is the longest ago. Pure.
 */
import type { BanPolicy } from '../policy.js'

/** Refusals of all sources together. Their sources take at most some 10 MB. */
const MOST_REMEMBERED = 50_000

export class Refusals {
  readonly #most: number
  /** By source, ms: the last refusals of each, the oldest first. The source that was refused last is the last one. */
  readonly #times = new Map<string, number[]>()
  #remembered = 0

  constructor(most = MOST_REMEMBERED) {
    this.#most = most
  }

  /**
   * The source was refused so many times. Returns whether it was refused `after` times or more within `withinMs`. Then its
   * refusals are forgotten.
   */
  add(source: string, times: number, { after, withinMs }: Omit<BanPolicy, 'forMs'>, now: number): boolean {
    const before = this.#take(source)
    const recent = before.filter((at) => now - at < withinMs)
    if (recent.length + times >= after) return true
    for (let left = times; left > 0; left--) recent.push(now)
    this.#put(source, recent)
    return false
  }

  #take(source: string): readonly number[] {
    const times = this.#times.get(source) ?? []
    this.#times.delete(source)
    this.#remembered -= times.length
    return times
  }

  #put(source: string, times: number[]): void {
    this.#times.set(source, times)
    this.#remembered += times.length
    for (const other of this.#times.keys()) {
      if (this.#remembered <= this.#most || other === source) return
      this.#take(other)
    }
  }
}
