/**
 * Passive health: only connects count. A backend is down when every address of it has failed since it last
 * answered. It is then skipped for a while, which doubles each time.
 */
import type { ConnectFailure, Health } from './health.js'

const FIRST_REST_MS = 1000
const LONGEST_REST_MS = 30_000

/** Not the backend's fault: no source port or address is left here, or a queue is full for a moment. */
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

  /** After a rest one connect goes ahead alone. If the backend hangs, only that one client waits for it. */
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
    // While the backend rests, failures are expected. The rest must not grow with the number of clients.
    if (!wasCurrent || now < this.skippedUntil) return 0
    this.#failedAddresses += 1
    return this.#failedAddresses < addresses ? 0 : this.#rest(now)
  }

  /** A backend that moved is not to blame for its old address. */
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
