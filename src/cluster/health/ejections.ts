/**
 * Passive health: what the connections of clients show. A backend that fails several times in a row is down, and is skipped
 * for a while, which grows with each time (Envoy's outlier detection). Then one connect goes ahead alone. It never dials
 * and never reads the clock.
 *
 * Two kinds of failure have a count each. A connect fails: a connect that succeeds sets this count to 0. A connection gets no
 * answer, because the backend resets it at once, begins no TLS, or is silent: an answer sets this count to 0.
 */
import type { EjectPolicy } from './policy.js'
import type { PassiveVerdict } from './verdict.js'

/** The next time is shorter by one step for each 10 s without an ejection. Envoy's interval. */
const FORGETS_EVERY_MS = 10_000
/** Workers and proxies must not all come back at the same moment. */
const JITTER = 0.2

/** Not the backend's fault: no source port or address is left here, or a queue is full for a moment. */
const NOT_ITS_FAULT: ReadonlySet<string> = new Set(['EADDRNOTAVAIL', 'EAGAIN'])

export interface ConnectFailure {
  /** errno name. */
  readonly errno: string
  /**
   * Whether it was at the address in use. If many connects fail there together, that is true only of the
   * first: from then on another address is in use.
   */
  readonly wasCurrent: boolean
  /** How many addresses the backend has. */
  readonly addresses: number
}

/** Why a backend did not answer a connection that it had accepted: as in `PassiveVerdict`. */
export type Unanswered = Pick<PassiveVerdict, 'reason' | 'detail'>

export const RESET: Unanswered = { reason: 'L7RSP', detail: 'ECONNRESET' }
export const SILENT: Unanswered = { reason: 'L7TOUT', detail: undefined }

export interface EjectionRules {
  policy(): EjectPolicy | false
  /** Whether the cluster can do without this backend. */
  mayBeSkipped(): boolean
  /** At least 0, less than 1. */
  random(): number
}

export class Ejections {
  /** How many connects have ever failed by the backend's fault. */
  failures = 0
  /** errno name of the last of these. */
  lastError: string | undefined
  readonly #rules: EjectionRules
  /** Why it is down. Undefined: it is not. */
  #verdict: PassiveVerdict | undefined
  /** 0: it is not skipped, even if it is down. */
  #skippedUntil = 0
  /** How often it was ejected of late. */
  #times = 0
  #recoveredAt = 0
  #connectsFailed = 0
  /** Of these, how many were at the address that was in use. */
  #addressesFailed = 0
  #unanswered = 0
  #failedAt = Number.NEGATIVE_INFINITY

  constructor(rules: EjectionRules) {
    this.#rules = rules
  }

  get isDown(): boolean {
    return this.#verdict !== undefined
  }

  get verdict(): PassiveVerdict | undefined {
    return this.#verdict
  }

  /** Until when it is skipped, in ms. 0: it is not. In the past: one connect goes ahead alone. */
  get skippedUntil(): number {
    return this.#skippedUntil
  }

  /** When a connection last showed something bad, in ms. */
  get failedAt(): number {
    return this.#failedAt
  }

  isAvailable(now: number, dialling: number): boolean {
    return this.#skippedUntil === 0 || (now >= this.#skippedUntil && dialling === 0)
  }

  connected(now: number): void {
    this.#connectsFailed = 0
    this.#addressesFailed = 0
    if (this.#verdict === undefined) return
    if (this.#verdict.judgedBy === 'connects') {
      // A connect that was on its way when others failed: the backend was never down.
      if (now < this.#skippedUntil) this.#times -= 1
      this.#recover(now)
    } else if (this.#skippedUntil > 0 && now >= this.#skippedUntil) {
      this.#recover(now)
      // It has to prove that it answers: one more failure ejects it again.
      const policy = this.#rules.policy()
      if (policy !== false) this.#unanswered = policy.failures - 1
    }
  }

  /** A connect failed. Returns whether the backend is ejected by that. */
  failed({ errno, wasCurrent, addresses }: ConnectFailure, now: number): boolean {
    if (NOT_ITS_FAULT.has(errno)) return false
    this.failures += 1
    this.lastError = errno
    this.#failedAt = now
    // While the backend is skipped for that, failures are expected. The time must not grow with the number of clients.
    if (now < this.#skippedUntil && this.#verdict?.judgedBy === 'connects') return false
    this.#connectsFailed += 1
    if (wasCurrent) this.#addressesFailed += 1
    if (this.#connectsFailed < this.#needed('connects') || this.#addressesFailed < addresses) return false
    return this.#eject('connects', errno === 'ETIMEDOUT' ? 'L4TOUT' : 'L4CON', errno, now)
  }

  /**
   * The first byte of a connection has come. A backend that is down for want of answers and gets connections all the same
   * works again by that: connects say nothing about it.
   */
  answered(now: number): void {
    this.#unanswered = 0
    if (this.#verdict?.judgedBy === 'answers' && this.#skippedUntil === 0) this.#recover(now)
  }

  /** A connection got no answer. Returns whether the backend is ejected by that. */
  unanswered({ reason, detail }: Unanswered, now: number): boolean {
    this.#failedAt = now
    if (now < this.#skippedUntil) return false
    this.#unanswered += 1
    if (this.#unanswered < this.#needed('answers')) return false
    return this.#eject('answers', reason, detail, now)
  }

  /** Another process has ejected the backend. */
  told(verdict: PassiveVerdict, now: number): void {
    this.#failedAt = now
    this.#verdict = verdict
    this.#times = Math.max(this.#times, verdict.times)
    if (verdict.restMs > 0) this.#skippedUntil = Math.max(this.#skippedUntil, now + verdict.restMs)
  }

  /** A check has reached it. That proves nothing about a backend that accepts and then does not answer. */
  reached(now: number): void {
    this.#connectsFailed = 0
    this.#addressesFailed = 0
    if (this.#verdict?.judgedBy === 'connects') this.#recover(now)
  }

  /** Another process reaches it again, or it has answered a check. */
  clear(now: number): void {
    this.#connectsFailed = 0
    this.#addressesFailed = 0
    this.#unanswered = 0
    if (this.isDown) this.#recover(now)
  }

  /** A backend that moved is not to blame for its old address. */
  moved(now: number): void {
    if (this.#skippedUntil > now) this.#skippedUntil = now
  }

  /** Starts anew: earlier failures do not count against it. The counts stay. */
  forgive(): void {
    this.clear(0)
    this.#times = 0
  }

  /** Failures in a row that eject. A backend that is down for the same reason already has one chance. */
  #needed(judgedBy: PassiveVerdict['judgedBy']): number {
    const policy = this.#rules.policy()
    if (policy === false) return Number.POSITIVE_INFINITY
    return this.#verdict?.judgedBy === judgedBy ? 1 : policy.failures
  }

  #eject(
    judgedBy: PassiveVerdict['judgedBy'],
    reason: string,
    detail: string | undefined,
    now: number,
  ): boolean {
    const policy = this.#rules.policy()
    if (policy === false) return false
    this.#connectsFailed = 0
    this.#addressesFailed = 0
    this.#unanswered = 0
    const restMs = this.#rules.mayBeSkipped() ? this.#restOf(policy, now) : 0
    this.#skippedUntil = restMs === 0 ? 0 : now + restMs
    this.#verdict = { judgedBy, reason, detail, restMs, times: this.#times }
    return true
  }

  #restOf({ forMs, maxForMs }: EjectPolicy, now: number): number {
    const forgotten = this.isDown ? 0 : Math.floor((now - this.#recoveredAt) / FORGETS_EVERY_MS)
    this.#times = Math.max(0, this.#times - forgotten) + 1
    const jitter = 1 + JITTER * (2 * this.#rules.random() - 1)
    return Math.min(Math.round(Math.min(forMs * this.#times, maxForMs) * jitter), maxForMs)
  }

  #recover(now: number): void {
    this.#verdict = undefined
    this.#skippedUntil = 0
    this.#recoveredAt = now
  }
}
