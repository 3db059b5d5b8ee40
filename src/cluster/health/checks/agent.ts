/**
 * Asks the agent of one backend again and again, and keeps what it has said. A word that a reply leaves out changes nothing,
 * and an agent that cannot be reached has said nothing (HAProxy, `agent-check`). It never connects: it is given a way to ask.
 */
import type { AgentVerdict } from '../verdict.js'
import { varied } from './pace.js'
import { Rounds, type Underway } from './rounds.js'

/** The words of one reply. */
export interface AgentWords {
  readonly isUp?: boolean
  readonly admin?: 'ready' | 'drain' | 'maint'
  readonly weightPercent?: number
  readonly maxConnections?: number
  readonly reason?: string
}

export interface AgentHost {
  /** ms from an answer to the next question. */
  readonly everyMs: number
  /** Asks once. Undefined: there is no answer. */
  ask(done: (words: AgentWords | undefined) => void): Underway
  tell(verdict: AgentVerdict): void
  /** At least 0, less than 1. */
  random(): number
}

/** Agents of many backends must not be asked at the same moment. */
const JITTER_PERCENT = 10

const NOTHING_SAID: AgentVerdict = {
  isUp: undefined,
  admin: undefined,
  weightPercent: undefined,
  maxConnections: undefined,
  reason: undefined,
}

export class Agent {
  readonly #host: AgentHost
  readonly #rounds: Rounds
  #verdict: AgentVerdict

  /** `earlier`: what the agent of the same backend has said before. */
  constructor(host: AgentHost, earlier: AgentVerdict = NOTHING_SAID) {
    this.#host = host
    this.#verdict = earlier
    this.#rounds = new Rounds({
      act: (done) =>
        host.ask((words) => {
          if (words !== undefined) this.#note(words)
          done()
        }),
      nextMs: () => varied(host.everyMs, JITTER_PERCENT, host.random()),
    })
  }

  /** What it has said so far. */
  get verdict(): AgentVerdict {
    return this.#verdict
  }

  /** The agent has said this to another process. It counts only while this one has heard nothing. */
  restore(verdict: AgentVerdict): void {
    if (!isSame(this.#verdict, NOTHING_SAID)) return
    this.#verdict = verdict
    this.#host.tell(verdict)
  }

  begin(afterMs: number): void {
    this.#rounds.begin(afterMs)
  }

  stop(): void {
    this.#rounds.stop()
  }

  /** A reason belongs to the words that it came with. */
  #note({ isUp, admin, weightPercent, maxConnections, reason }: AgentWords): void {
    const before = this.#verdict
    const says = isUp !== undefined || admin !== undefined || reason !== undefined
    this.#verdict = {
      isUp: isUp ?? before.isUp,
      admin: admin ?? before.admin,
      weightPercent: weightPercent ?? before.weightPercent,
      maxConnections: maxConnections ?? before.maxConnections,
      reason: says ? reason : before.reason,
    }
    if (!isSame(before, this.#verdict)) this.#host.tell(this.#verdict)
  }
}

const isSame = (a: AgentVerdict, b: AgentVerdict): boolean =>
  a.isUp === b.isUp &&
  a.admin === b.admin &&
  a.weightPercent === b.weightPercent &&
  a.maxConnections === b.maxConnections &&
  a.reason === b.reason
