/**
 * A backend that has come back, or has just been added, starts with a small share that grows: its caches are cold, and a
 * rule such as least connections would send it every new client. Envoy's formula with aggression 1: the part of the time
 * that has passed, and at least a tenth.
 */
const LEAST_SHARE = 0.1

export class SlowStart {
  readonly #windowMs: () => number
  readonly #now: () => number
  #beganAt: number | undefined

  /** `windowMs` is asked anew each time, because a reload can change it. 0: the backend starts with its full share. */
  constructor(windowMs: () => number, now: () => number) {
    this.#windowMs = windowMs
    this.#now = now
  }

  /** A start that is under way goes on. */
  begin(): void {
    if (this.part === 1) this.#beganAt = this.#now()
  }

  /** The part of its weight that a backend has at present: above 0, at most 1. */
  get part(): number {
    if (this.#beganAt === undefined) return 1
    const part = (this.#now() - this.#beganAt) / this.#windowMs()
    // 0 / 0 is NaN, and not less than 1 either.
    if (part < 1) return Math.max(LEAST_SHARE, part)
    this.#beganAt = undefined
    return 1
  }
}
