/**
 * Limits how many checks and questions to agents are under way at the same time, so that backends that hang cannot take all
 * file descriptors. Those that come later wait, in their order.
 */
import type { Underway } from '../../cluster/health/checks/rounds.js'

/** Each holds a file descriptor, and one that hangs holds it until its time is over. */
const MOST_AT_ONCE = 1000

interface Job {
  /** Calls `over` once, never before it has returned, unless it is cancelled. */
  begin(over: () => void): Underway
  /** Undefined: it waits, or is over. */
  running: Underway | undefined
}

export class ProbeQueue {
  readonly #most: number
  readonly #waiting = new Set<Job>()
  #underway = 0

  constructor(most = MOST_AT_ONCE) {
    this.#most = most
  }

  /** Begins it now, or when there is room. */
  run(begin: Job['begin']): Underway {
    const job: Job = { begin, running: undefined }
    this.#waiting.add(job)
    this.#fill()
    return { cancel: () => this.#cancel(job) }
  }

  #fill(): void {
    for (const job of this.#waiting) {
      if (this.#underway >= this.#most) return
      this.#waiting.delete(job)
      this.#underway += 1
      job.running = job.begin(() => this.#end(job))
    }
  }

  #cancel(job: Job): void {
    this.#waiting.delete(job)
    const { running } = job
    if (running === undefined) return
    running.cancel()
    this.#end(job)
  }

  #end(job: Job): void {
    job.running = undefined
    this.#underway -= 1
    this.#fill()
  }
}
