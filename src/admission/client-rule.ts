/**
 * The rule of a running proxy. A client must pass the gate of its listener, and get a place in each limit. It waits at its
 * listener for a limit of the listener or of the proxy, and never for a limit of its own source.
 */
import type { Address, PeerAddress } from '../address.js'
import type { Entry } from '../cluster/dial.js'
import { mayNameClients } from '../connection/listener-policy.js'
import type { CountedClient } from '../connection/opening/admit.js'
import type { Destination, Service } from '../connection/service.js'
import { Claim } from '../limits/claim.js'
import { SharedTurns } from '../limits/counts/shared-turns.js'
import type { LimitGroup, LimitPlan } from '../limits/limit.js'
import { groupFor, isWaitedFor, type Limiter, type NoPlace } from '../limits/limiter.js'
import { causeOf } from '../limits/no-place.js'
import type { OwnLimit } from '../limits/own-limit.js'
import type { OpeningCause } from '../observe/endings.js'
import type { AdmissionRule, AdmissionStep, Decision, LetIn, Refuse } from './rule.js'

/** How often to look for places that other workers have given back, and for rates, while a client waits (ms). */
const LOOK_EVERY_MS = 5
/** How long to leave a place to other workers (ms): all of them look within that time. */
const LEFT_FOR_MS = LOOK_EVERY_MS + 2

export interface ClientRuleOptions {
  readonly limiter: Limiter
  readonly own: OwnLimit
  /** Other processes count in the same table. */
  readonly hasOthers: boolean

  /** A client is refused. */
  refused(noPlace: NoPlace, client: PeerAddress): void
  /** A client waits for a place. It may be told again and again about the same client. */
  waits(noPlace: NoPlace, client: PeerAddress): void
}

export class ClientRule implements AdmissionRule {
  readonly #options: ClientRuleOptions
  /** Counts the workers in which a client waits. */
  readonly #turns: SharedTurns
  /** The entry of this worker there. Undefined: no client waits. */
  #waiting: number | undefined
  /** Undefined: no admission step asks this rule. */
  #step: AdmissionStep | undefined
  #look: NodeJS.Timeout | undefined

  constructor(options: ClientRuleOptions) {
    this.#options = options
    this.#turns = new SharedTurns(options.limiter.counts, 'waiting')
  }

  begin(step: AdmissionStep): void {
    this.#step = step
  }

  /** Limits have changed. Clients that wait may have their places. */
  limitsChanged(): void {
    this.#step?.askAgain()
  }

  /** A peer that may name another client is not asked for its own address: its client is, once it is known. */
  decide({ policy, gate, limits }: Service, from: PeerAddress): Decision {
    const namesClients = policy !== undefined && mayNameClients(policy, from)
    const cause = namesClients ? undefined : gate.refuses(from)
    if (cause !== undefined) return { answer: 'refuse', cause }
    const { limiter, own } = this.#options
    if (own.noPlace !== undefined) return this.#turnAway(own.noPlace, from)
    const claim = limits && new Claim()
    const group = limits && (namesClients ? limits.scopes : groupFor(limits, from))
    const noPlace = group && limiter.take(group, from, claim!)
    if (noPlace !== undefined) return this.#turnAway(noPlace, from)
    if (!namesClients) gate.letIn(from)
    return claim ?? 'go-on'
  }

  named(connection: LetIn, client: Address, limits: LimitPlan | undefined): OpeningCause | undefined {
    const { gate } = connection.service
    const cause = gate.refuses(client)
    if (cause !== undefined) return cause
    const isSource = client.kind !== 'unix'
    const noPlace = isSource && limits ? this.#take(connection, limits.sources, client) : undefined
    if (noPlace !== undefined) return this.#refuse(noPlace, client)
    gate.letIn(client)
    return undefined
  }

  enter(connection: LetIn, { limits }: Destination, client: CountedClient): Entry {
    if (limits === undefined) return 'in'
    const group = client === 'exempt' ? limits.scopes : groupFor(limits, client)
    const address = client === 'exempt' ? undefined : client
    const noPlace = this.#take(connection, group, address)
    if (noPlace === undefined) return 'in'
    if (isWaitedFor(noPlace)) {
      this.#options.waits(noPlace, address)
      return 'wait'
    }
    connection.claim!.refusal = this.#refuse(noPlace, address)
    return 'refused'
  }

  ended(connection: LetIn): void {
    if (connection.claim !== undefined) this.#options.limiter.leave(connection.claim)
    connection.claim = undefined
  }

  isForOthers(): boolean {
    if (!this.#options.hasOthers || this.#turns.isOwnTurn(1)) return false
    clearTimeout(this.#look)
    this.#look = undefined
    this.#lookAfter(LEFT_FOR_MS)
    return true
  }

  nobodyWaits(): void {
    if (this.#waiting !== undefined) this.#turns.leave(this.#waiting)
    this.#waiting = undefined
  }

  #take(connection: LetIn, group: LimitGroup, client: PeerAddress): NoPlace | undefined {
    connection.claim ??= new Claim()
    return this.#options.limiter.take(group, client, connection.claim)
  }

  #turnAway(noPlace: NoPlace, client: PeerAddress): 'wait' | Refuse {
    if (isWaitedFor(noPlace)) return this.#wait(noPlace, client)
    return { answer: 'refuse', cause: this.#refuse(noPlace, client) }
  }

  #refuse(noPlace: NoPlace, client: PeerAddress): OpeningCause {
    this.#options.refused(noPlace, client)
    return causeOf(noPlace)
  }

  #wait(noPlace: NoPlace, client: PeerAddress): 'wait' {
    this.#options.waits(noPlace, client)
    const { hasOthers } = this.#options
    if (hasOthers) this.#waiting ??= this.#turns.join(0, 0)
    // If only connections of this process are in the way, their end is enough.
    if (hasOthers || noPlace.why !== 'connections') this.#lookAfter(LOOK_EVERY_MS)
    return 'wait'
  }

  #lookAfter(ms: number): void {
    this.#look ??= setTimeout(() => {
      this.#look = undefined
      this.#step?.askAgain()
    }, ms).unref()
  }
}
