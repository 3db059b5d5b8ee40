/**
 * The waits on one connection. Each wait is tried at once, and again at every event, until it settles. All
 * present and later waits can be made to fail together.
 */

/** Result of one try. `pending`: the next event may settle it. */
export type Progress = 'pending' | 'settled'

/** Calls one of the two functions to settle its wait, and returns the result. Else returns `pending`. */
export type Try<T, Failure> = (
  resolve: (value: T) => Progress,
  fail: (failure: Failure) => Progress,
) => Progress

interface Wait<Failure> {
  attempt(): Progress
  reject(failure: Failure): void
}

export class Waits<Failure extends Error> {
  /** Few: one wait reads, one sends, one watches. */
  readonly #pending = new Set<Wait<Failure>>()
  #failure: Failure | undefined

  /** Why waits fail. Undefined while they do not. */
  get failure(): Failure | undefined {
    return this.#failure
  }

  add<T>(attempt: Try<T, Failure>): Promise<T> {
    return new Promise((resolve, reject) => {
      const resolved = (value: T): Progress => {
        resolve(value)
        return 'settled'
      }
      const failed = (failure: Failure): Progress => {
        reject(failure)
        return 'settled'
      }
      if (this.#failure !== undefined) reject(this.#failure)
      else if (attempt(resolved, failed) === 'pending') {
        this.#pending.add({ attempt: () => attempt(resolved, failed), reject })
      }
    })
  }

  /** Tries each wait again. */
  run(): void {
    for (const wait of this.#pending) {
      if (wait.attempt() === 'settled') this.#pending.delete(wait)
    }
  }

  /** Makes all present and later waits fail. */
  fail(failure: Failure): void {
    this.#failure = failure
    for (const { reject } of this.#pending) reject(failure)
    this.#pending.clear()
  }

  /** Later waits do not fail any more. */
  recover(): void {
    this.#failure = undefined
  }
}
