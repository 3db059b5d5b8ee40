/**
 * What active checks and the agent of one backend say at the moment, and what follows from both: whether it is down,
 * whether it may get new connections, and its part of the weight. It never dials and never reads the clock.
 */
import { type AgentVerdict, type CheckVerdict, NOT_CHECKED_YET } from './verdict.js'

/** Why a backend is what it is, in HAProxy's words where it has one. */
export interface Judgement {
  readonly judgedBy: 'check' | 'agent' | 'connects' | 'answers'
  /** L4OK, L4CON, L4TOUT, L7STS … `AGENT` for what the agent says. */
  readonly reason: string
  readonly detail: string | undefined
}

/** The reason of a backend that is what its agent says. */
export const BY_AGENT = 'AGENT'

export class ActiveVerdicts {
  /** Whether the checks or the agent call it down. Every pick reads these three, so they are plain fields. */
  isDown = false
  /** Whether the agent lets it have new connections. A backend that is down gets none either. */
  mayGetNew = true
  /** What the weight of the config is multiplied with. 0 or more. */
  weightFactor = 1
  #check: CheckVerdict | undefined
  #agent: AgentVerdict | undefined
  /** They stay when checks stop. */
  #counts: Pick<CheckVerdict, 'checks' | 'checksFailed'> = { checks: 0, checksFailed: 0 }

  /** Undefined: checks have stopped, and nothing is known. */
  checked(verdict: CheckVerdict | undefined): void {
    this.#check = verdict
    if (verdict !== undefined) this.#counts = verdict
    this.#conclude()
  }

  /** Undefined: no agent is asked any more, and nothing is known. */
  agentSaid(verdict: AgentVerdict | undefined): void {
    this.#agent = verdict
    this.#conclude()
  }

  /** The same, but not of a backend that only counts as down because no check has ended yet. */
  get isCalledDown(): boolean {
    return this.isDown && (this.#isDownByAgent || this.#check?.reason !== NOT_CHECKED_YET)
  }

  /** The last of `ready`, `drain` and `maint` that the agent said. Undefined: none of them. */
  get agentSet(): AgentVerdict['admin'] {
    return this.#agent?.admin
  }

  /** How many connections the agent lets it have. Undefined: it has not said it. */
  get maxConnections(): number | undefined {
    return this.#agent?.maxConnections
  }

  get checks(): number {
    return this.#counts.checks
  }

  get checksFailed(): number {
    return this.#counts.checksFailed
  }

  /** Checks that passed. */
  get passed(): number {
    return this.checks - this.checksFailed
  }

  /** The one that decides. Undefined if neither has said anything. */
  get judgement(): Judgement | undefined {
    const check = this.#check
    const isAgentsDoing = this.#isDownByAgent || !this.mayGetNew
    if (check !== undefined && !isAgentsDoing)
      return { judgedBy: 'check', reason: check.reason, detail: check.detail }
    if (this.#agent === undefined) return undefined
    return { judgedBy: 'agent', reason: BY_AGENT, detail: saidBy(this.#agent) }
  }

  #conclude(): void {
    const { admin, weightPercent = 100 } = this.#agent ?? {}
    this.isDown = this.#isDownByAgent || this.#check?.isUp === false
    this.mayGetNew = admin !== 'drain' && admin !== 'maint' && weightPercent > 0
    this.weightFactor = weightPercent / 100
  }

  get #isDownByAgent(): boolean {
    return this.#agent?.isUp === false || this.#agent?.admin === 'maint'
  }
}

/** `maint`, `down: disk full`, `up, 50 %`. Undefined if the agent has said nothing of weight. */
function saidBy({ isUp, admin, weightPercent, reason }: AgentVerdict): string | undefined {
  const said = [
    admin !== 'ready' && admin,
    isUp !== undefined && (isUp ? 'up' : 'down'),
    weightPercent !== undefined && `${Math.round(weightPercent)} %`,
  ].filter((word) => word !== false && word !== undefined)
  const words = said.join(', ')
  if (reason === undefined) return words === '' ? undefined : words
  return words === '' ? reason : `${words}: ${reason}`
}
