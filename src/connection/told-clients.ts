/**
 * How many clients are told no at the moment. Each costs a file descriptor and a little time. A flood of them must not take
 * both from clients that are served. So whoever comes above the bound is reset.
 */

/** Clients that are told no at the same time, in one process. */
export const MOST_TOLD = 1000

export class ToldClients {
  #count = 0

  get count(): number {
    return this.#count
  }

  get isFull(): boolean {
    return this.#count >= MOST_TOLD
  }

  /** Counts one more until `tell` is over. Rejects with what `tell` throws. */
  async during(tell: () => Promise<void>): Promise<void> {
    this.#count++
    try {
      await tell()
    } finally {
      this.#count--
    }
  }
}
