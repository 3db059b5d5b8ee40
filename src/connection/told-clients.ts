/**
 * How many clients are told no at the moment. Each costs a file descriptor and a little time. A flood of them must not take
 * both from clients that are served. So whoever comes above the bound is reset.
 */

/** Clients that are told no at the same time, in one process. */
const MOST_TOLD = 1000
/** Of so many file descriptors that the process may have, one is for a client that is told no. */
const FDS_PER_TOLD = 32

/** `fds`: the limit on file descriptors. Undefined: the platform does not tell. */
export function mostTold(fds: number | undefined): number {
  return fds === undefined ? MOST_TOLD : Math.min(MOST_TOLD, Math.ceil(fds / FDS_PER_TOLD))
}

export class ToldClients {
  readonly most: number
  #count = 0

  constructor(most: number) {
    this.most = most
  }

  get count(): number {
    return this.#count
  }

  get isFull(): boolean {
    return this.#count >= this.most
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
