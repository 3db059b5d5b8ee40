/** Limits that let few bytes pass at a time, in amounts from a seed, so that tests need no rate and no time. */
import type { Engine } from '../../src/io/engine.js'
import type { Pipe } from '../../src/pipe/pipe.js'
import type { PipeLimits, Throttle } from '../../src/pipe/throttle.js'
import { random } from './bytes.js'

const SEED = 7
/** One grant is at most this large. Some are larger than a message, others smaller. */
const MOST_BYTES = 100_000
const WAIT_PART = 0.3

class StingyThrottle implements Throttle {
  readonly isMetering = true
  isWaiting = false
  /** Bytes that came without a grant. */
  overdrawn = 0
  #granted = 0
  readonly #next: () => number
  readonly #wake: () => void

  constructor(next: () => number, wake: () => void) {
    this.#next = next
    this.#wake = wake
  }

  grant(wanted: number): number {
    if (this.#next() < WAIT_PART) {
      this.isWaiting = true
      setImmediate(() => {
        this.isWaiting = false
        this.#wake()
      })
      return 0
    }
    this.#granted = Math.min(wanted, 1 + Math.floor(this.#next() ** 3 * MOST_BYTES))
    return this.#granted
  }

  used(bytes: number): void {
    this.overdrawn += Math.max(0, bytes - this.#granted)
    this.#granted = 0
  }
}

/** Limits the pipe. Throws at its end if it took bytes that were not granted. */
export function limitAtRandom(pipe: Pipe, { runQueue }: Engine): void {
  const next = random(SEED)
  const wake = (): void => {
    runQueue.add(pipe)
    runQueue.drain()
  }
  const [up, down] = [new StingyThrottle(next, wake), new StingyThrottle(next, wake)]
  const limits: PipeLimits = {
    up,
    down,
    left: () => Number.POSITIVE_INFINITY,
    look: () => true,
    slowed: () => undefined,
    close: () => {
      const overdrawn = up.overdrawn + down.overdrawn
      if (overdrawn > 0) throw new Error(`${overdrawn} bytes came without a grant`)
    },
  }
  pipe.limitBy(limits)
}
