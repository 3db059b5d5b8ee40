/**
 * Judges one backend: whether it works, and when it may be tried again. It puts together what active checks and the agent
 * say, what connections show, and how often that changed of late. It never dials and never reads the clock: callers tell it
 * results and times.
 */
import { ActiveVerdicts, type Judgement } from './active-verdicts.js'
import { type ConnectFailure, type EjectionRules, Ejections, type Unanswered } from './ejections.js'
import { Flapping } from './flapping.js'
import type { FlappingPolicy } from './policy.js'
import { type AgentVerdict, type CheckVerdict, hasAnswered, type PassiveVerdict } from './verdict.js'

export interface HealthRules {
  readonly ejections: EjectionRules
  flapping(): FlappingPolicy | false
}

/** For a backend that nobody connects to. */
export const NOTHING_JUDGED: HealthRules = {
  ejections: { policy: () => false, mayBeSkipped: () => false, random: () => 0 },
  flapping: () => false,
}

/** How a backend has changed. */
export interface HealthChange {
  /** `flapping`: it goes down, and stays so for a while because it changes too often. */
  readonly to: 'up' | 'down' | 'flapping'
  /** How long it is skipped at least, in ms. 0: until somebody says otherwise. */
  readonly restMs: number
  /** It was down before. Only the time for which it is skipped is new. */
  readonly isAgain?: true
}

export class Health {
  readonly active = new ActiveVerdicts()
  /** Nothing speaks against it, so it may be picked at any time. Every pick reads it, so it is a plain field. */
  isClear = true
  readonly #rules: HealthRules
  readonly #ejections: Ejections
  readonly #flapping: Flapping

  constructor(rules: HealthRules) {
    this.#rules = rules
    this.#ejections = new Ejections(rules.ejections)
    this.#flapping = new Flapping(rules.flapping)
  }

  get failures(): number {
    return this.#ejections.failures
  }

  get lastError(): string | undefined {
    return this.#ejections.lastError
  }

  /** What connections have shown. Undefined: nothing bad. */
  get passive(): PassiveVerdict | undefined {
    return this.#ejections.verdict
  }

  isDown(now: number): boolean {
    return this.active.isDown || this.#ejections.isDown || this.#flapping.isHeld(now)
  }

  /** Whether it is down for nothing else than connections that got no answer. */
  lacksOnlyAnswers(now: number): boolean {
    return this.passive?.judgedBy === 'answers' && !this.active.isDown && !this.isFlapping(now)
  }

  /** Whether it counts as down for nothing else than that no check has ended yet. */
  lacksOnlyChecks(now: number): boolean {
    return this.active.isDown && !this.#isMarked && !this.isFlapping(now)
  }

  isFlapping(now: number): boolean {
    return this.#flapping.isHeld(now)
  }

  /** Whether it is skipped because of its connections, or because it changes too often. */
  isSkipped(now: number): boolean {
    return now < this.skippedUntil
  }

  /** Until when it is skipped, in ms. In the past if it is not, or if nobody knows. */
  get skippedUntil(): number {
    return Math.max(this.#ejections.skippedUntil, this.#flapping.heldUntil)
  }

  /** Whether it may be picked, while `dialling` connects to it are in progress. */
  isAvailable(now: number, dialling: number): boolean {
    return (
      !this.active.isDown &&
      this.#ejections.isAvailable(now, dialling) &&
      (this.#flapping.heldUntil === 0 || !this.#flapping.isHeld(now))
    )
  }

  /** The one that decides. Undefined if nothing is known. */
  get judgement(): Judgement | undefined {
    return this.active.isDown || !this.#ejections.isDown ? this.active.judgement : this.#ejections.verdict
  }

  checked(verdict: CheckVerdict | undefined, now: number): HealthChange | undefined {
    const { passed } = this.active
    return this.#after(now, () => {
      this.active.checked(verdict)
      const hasPassed = verdict !== undefined && !this.active.isDown && this.active.passed > passed
      // A check that passed before the last failure proves nothing.
      if (!hasPassed || now - verdict.passedAgoMs < this.#ejections.failedAt) return
      if (hasAnswered(verdict.reason)) this.#ejections.clear(now)
      else this.#ejections.reached(now)
    })
  }

  agentSaid(verdict: AgentVerdict | undefined, now: number): HealthChange | undefined {
    return this.#after(now, () => this.active.agentSaid(verdict))
  }

  connected(now: number): HealthChange | undefined {
    if (this.#ejections.isDown) return this.#after(now, () => this.#ejections.connected(now))
    this.#ejections.connected(now)
    return undefined
  }

  failed(failure: ConnectFailure, now: number): HealthChange | undefined {
    return this.#ejected(now, () => this.#ejections.failed(failure, now))
  }

  answered(now: number): HealthChange | undefined {
    if (this.#ejections.isDown) return this.#after(now, () => this.#ejections.answered(now))
    this.#ejections.answered(now)
    return undefined
  }

  unanswered(why: Unanswered, now: number): HealthChange | undefined {
    return this.#ejected(now, () => this.#ejections.unanswered(why, now))
  }

  /** Another process has ejected it. Undefined: another process reaches it again. */
  told(verdict: PassiveVerdict | undefined, now: number): HealthChange | undefined {
    return this.#after(now, () => {
      if (verdict === undefined) this.#ejections.clear(now)
      else this.#ejections.told(verdict, now)
    })
  }

  /** A hold may be over. Call it at `skippedUntil`. */
  settle(now: number): HealthChange | undefined {
    return this.isDown(now) ? undefined : { to: 'up', restMs: 0 }
  }

  /** The address in use is now another one than the address that failed. */
  moved(now: number): void {
    this.#ejections.moved(now)
    this.#conclude()
  }

  /** Starts anew: earlier failures do not count against it. The counts stay, and what active checks say. */
  forgive(): void {
    this.#ejections.forgive()
    this.#flapping.forgive()
    this.#conclude()
  }

  /** Something has shown that it is down. A backend that only counts as down before its first check has not changed. */
  get #isMarked(): boolean {
    return this.active.isCalledDown || this.#ejections.isDown
  }

  /** A backend that is ejected again has not changed, but its time has. */
  #ejected(now: number, act: () => boolean): HealthChange | undefined {
    let isEjected = false
    const change = this.#after(now, () => {
      isEjected = act()
    })
    const restMs = this.passive?.restMs ?? 0
    if (change !== undefined || !isEjected || restMs === 0 || this.#flapping.isHeld(now)) return change
    return { to: 'down', restMs, isAgain: true }
  }

  #after(now: number, act: () => void): HealthChange | undefined {
    const wasMarked = this.#isMarked
    const wasHeld = this.#flapping.isHeld(now)
    act()
    const isChange = wasMarked !== this.#isMarked
    const mayHold = (): boolean => this.#isMarked && this.#rules.ejections.mayBeSkipped()
    const holdMs = isChange ? this.#flapping.changed(now, mayHold) : 0
    this.#conclude()
    if (!isChange) return undefined
    if (holdMs > 0) return { to: 'flapping', restMs: holdMs }
    if (wasHeld) return undefined
    if (!this.#isMarked) return { to: 'up', restMs: 0 }
    return { to: 'down', restMs: this.active.isDown ? 0 : (this.passive?.restMs ?? 0) }
  }

  #conclude(): void {
    this.isClear = !this.active.isDown && this.#ejections.skippedUntil === 0 && this.#flapping.heldUntil === 0
  }
}
