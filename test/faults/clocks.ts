/** Clocks for a faulty proxy. No test waits for the real time. */
import type { Clock } from '../../src/faults/clock.js'

interface Timer {
  readonly at: number
  readonly then: () => void
}

/** Its time passes only by `advance`. */
export class HandClock implements Clock {
  #now = 1000
  readonly #timers = new Set<Timer>()

  now(): number {
    return this.#now
  }

  after(ms: number, then: () => void): () => void {
    const timer = { at: this.#now + ms, then }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  get timers(): number {
    return this.#timers.size
  }

  /** Lets the time pass, and calls what is due, in order. */
  advance(ms: number): void {
    const end = this.#now + ms
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#timers.delete(next)
      this.#now = Math.max(this.#now, next.at)
      next.then()
    }
    this.#now = end
  }

  /** When the next timer is due. Infinity: there is none. */
  get nextAt(): number {
    return Math.min(...[...this.#timers].map(({ at }) => at))
  }

  #next(end: number): Timer | undefined {
    return [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
  }
}

/** Its time jumps to the next timer in the next turn of the event loop. */
export class TurnClock implements Clock {
  readonly #clock = new HandClock()

  now(): number {
    return this.#clock.now()
  }

  after(ms: number, then: () => void): () => void {
    const callOff = this.#clock.after(ms, then)
    setImmediate(() => {
      if (this.#clock.timers > 0) this.#clock.advance(Math.max(0, this.#clock.nextAt - this.#clock.now()))
    })
    return callOff
  }
}
