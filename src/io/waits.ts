/**
 * What is waited for on one connection: each wait is tried at once, and again at every event, until it is settled. All
 * of them can be made to fail, and those to come with them.
 */

/** Of one try: `pending` where the next event may settle it. */
export type Progress = 'pending' | 'settled'

/** Settles its wait by one of the two, whose answer it gives, or is tried again. */
export type Try<T, Failure> = (
  resolve: (value: T) => Progress,
  fail: (failure: Failure) => Progress,
) => Progress

interface Wait<Failure> {
  attempt(): Progress
  reject(failure: Failure): void
}

export class Waits<Failure extends Error> {
  /** Few: one reads, one says, one watches. */
  readonly #pending = new Set<Wait<Failure>>()
  #failure: Failure | undefined

  /** Why waits fail; undefined while they do not. */
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

  /** Tries each again. */
  run(): void {
    for (const wait of this.#pending) {
      if (wait.attempt() === 'settled') this.#pending.delete(wait)
    }
  }

  /** Those that there are, and all to come. */
  fail(failure: Failure): void {
    this.#failure = failure
    for (const { reject } of this.#pending) reject(failure)
    this.#pending.clear()
  }

  /** Those to come do not fail. */
  recover(): void {
    this.#failure = undefined
  }
}
