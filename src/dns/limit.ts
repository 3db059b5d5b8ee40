/** Limits how many things run at a time. All others wait in their order. */

export class ConcurrencyLimit {
  readonly #most: number
  readonly #mostWaiting: number
  readonly #waiting = new Set<() => void>()
  #running = 0

  constructor(most: number, mostWaiting: number) {
    this.#most = most
    this.#mostWaiting = mostWaiting
  }

  /** Runs `task` when its turn comes. Undefined if too many wait already, or if `signal` is aborted before. */
  async run<Result>(signal: AbortSignal, task: () => Promise<Result>): Promise<Result | undefined> {
    if (!(await this.#enter(signal))) return undefined
    try {
      return await task()
    } finally {
      this.#leave()
    }
  }

  #enter(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return Promise.resolve(false)
    if (this.#running < this.#most) {
      this.#running += 1
      return Promise.resolve(true)
    }
    return this.#waiting.size >= this.#mostWaiting ? Promise.resolve(false) : this.#wait(signal)
  }

  #wait(signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const enter = (): void => {
        signal.removeEventListener('abort', giveUp)
        resolve(true)
      }
      const giveUp = (): void => {
        this.#waiting.delete(enter)
        resolve(false)
      }
      signal.addEventListener('abort', giveUp, { once: true })
      this.#waiting.add(enter)
    })
  }

  /** The place goes to the first that waits. */
  #leave(): void {
    const [next] = this.#waiting
    if (next === undefined) {
      this.#running -= 1
      return
    }
    this.#waiting.delete(next)
    next()
  }
}
