/**
 * Passive health: what connects say, and nothing else. A backend is down when every address it has failed since it last
 * answered; it is then skipped for a while that doubles each time.
 */
import type { ConnectFailure, Health } from './health.js'

const FIRST_REST_MS = 1000
const LONGEST_REST_MS = 30_000

/** No source port or address left here, or a queue full for a moment: no reason to think it is down. */
const NOT_ITS_FAULT: ReadonlySet<string> = new Set(['EADDRNOTAVAIL', 'EAGAIN'])

export class BackOff implements Health {
  failures = 0
  lastError: string | undefined
  skippedUntil = 0
  /** How many times in a row all addresses failed. */
  #timesDown = 0
  #failedAddresses = 0

  get isDown(): boolean {
    return this.#timesDown > 0
  }

  /**
   * After a rest one connect goes ahead alone: if the backend hangs, one client waits for it rather than everybody's
   * share of them.
   */
  isAvailable(now: number, dialling: number): boolean {
    return this.#timesDown === 0 || (now >= this.skippedUntil && dialling === 0)
  }

  connected(): boolean {
    const wasDown = this.isDown
    this.forgive()
    return wasDown
  }

  failed({ errno, wasCurrent, addresses }: ConnectFailure, now: number): number {
    if (NOT_ITS_FAULT.has(errno)) return 0
    this.failures += 1
    this.lastError = errno
    // While it rests a failure is what everybody expects: the rest must not grow by the number of clients.
    if (!wasCurrent || now < this.skippedUntil) return 0
    this.#failedAddresses += 1
    return this.#failedAddresses < addresses ? 0 : this.#rest(now)
  }

  /** A backend that moved is not to blame for where it was. */
  moved(): void {
    this.skippedUntil = 0
  }

  forgive(): void {
    this.#timesDown = 0
    this.#failedAddresses = 0
    this.skippedUntil = 0
  }

  #rest(now: number): number {
    const restMs = Math.min(FIRST_REST_MS * 2 ** this.#timesDown, LONGEST_REST_MS)
    this.#failedAddresses = 0
    this.#timesDown += 1
    this.skippedUntil = now + restMs
    return restMs
  }
}
