/**
 * The active checks of one backend: when each is due, and what its results mean. It never connects: it is given a way to
 * check. It tells a verdict at the beginning, if the backend begins as down, and after each check that says something.
 */
import { type CheckVerdict, NOT_CHECKED_YET } from '../verdict.js'
import { nextMs, type Pace } from './pace.js'
import { RiseFall, type Thresholds } from './rise-fall.js'
import { Rounds, type Underway } from './rounds.js'

export interface ChecksPolicy extends Pace, Thresholds {
  /** What a backend counts as before its first check. */
  readonly init: 'up' | 'down'
}

/** How one check went. */
export interface CheckResult {
  readonly passed: boolean
  readonly reason: string
  readonly detail: string | undefined
}

export interface ChecksHost {
  readonly policy: ChecksPolicy
  /** Checks once. Undefined: it could not be checked, and nothing is known. */
  check(done: (result: CheckResult | undefined) => void): Underway
  tell(verdict: CheckVerdict): void
  /** At least 0, less than 1. */
  random(): number
}

export type CheckCounts = Pick<CheckVerdict, 'checks' | 'checksFailed'>

const NO_CHECKS: CheckCounts = { checks: 0, checksFailed: 0 }

export class Checks {
  readonly #host: ChecksHost
  readonly #rounds: Rounds
  #riseFall: RiseFall
  #verdict: CheckVerdict

  /** `earlier`: the verdict of other checks of the same backend. Default: it begins as `init` says. */
  constructor(host: ChecksHost, earlier = unchecked(host.policy)) {
    this.#host = host
    this.#verdict = earlier
    this.#riseFall = new RiseFall(host.policy, this.#verdict.isUp)
    this.#rounds = new Rounds({
      act: (done) =>
        host.check((result) => {
          if (result !== undefined) this.#note(result)
          done()
        }),
      nextMs: () => nextMs(host.policy, this.#riseFall.phase, host.random()),
    })
  }

  get verdict(): CheckVerdict {
    return this.#verdict
  }

  /** The first check is due in `afterMs`. If there were checks before, what they found is old: one result can change it. */
  begin(afterMs: number): void {
    this.#riseFall = new RiseFall(this.#host.policy, this.#verdict.isUp)
    if (!this.#verdict.isUp) this.#host.tell(this.#verdict)
    this.#rounds.begin(afterMs)
  }

  /** Other checks of the backend have found this. It counts only while this object knows nothing itself. */
  restore(verdict: CheckVerdict): void {
    if (this.#verdict.reason !== NOT_CHECKED_YET) return
    this.#verdict = verdict
    this.#riseFall = new RiseFall(this.#host.policy, verdict.isUp)
    this.#host.tell(verdict)
  }

  stop(): void {
    this.#rounds.stop()
  }

  #note({ passed, reason, detail }: CheckResult): void {
    const { checks, checksFailed, changedAt } = this.#verdict
    const isChange = this.#riseFall.note(passed)
    this.#verdict = {
      isUp: this.#riseFall.isUp,
      reason,
      detail,
      changedAt: isChange ? Date.now() : changedAt,
      checks: checks + 1,
      checksFailed: checksFailed + (passed ? 0 : 1),
      passedAgoMs: 0,
    }
    this.#host.tell(this.#verdict)
  }
}

/** Nothing is known of the backend. `counts`: of earlier checks of it. */
export function unchecked(
  { init }: Pick<ChecksPolicy, 'init'>,
  counts: CheckCounts = NO_CHECKS,
): CheckVerdict {
  const { checks, checksFailed } = counts
  return {
    isUp: init === 'up',
    reason: NOT_CHECKED_YET,
    detail: undefined,
    changedAt: Date.now(),
    checks,
    checksFailed,
    passedAgoMs: 0,
  }
}
