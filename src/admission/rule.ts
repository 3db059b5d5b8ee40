/**
 * Which clients may come in. This is what a rule is asked about each client between accept and connection,
 * and what it may answer. Types only.
 */
import type { Address, PeerAddress } from '../address.js'
import type { Entry } from '../cluster/dial.js'
import type { CountedClient } from '../connection/opening/admit.js'
import type { Destination, Service } from '../connection/service.js'
import type { Claim } from '../limits/claim.js'
import type { LimitPlan } from '../limits/limit.js'
import type { OpeningCause } from '../observe/endings.js'

/** The client is told so or reset, and its record says why. */
export interface Refuse {
  readonly answer: 'refuse'
  readonly cause: OpeningCause | 'out-of-resources'
}

/**
 * `wait`: as if the client had not been accepted. Its listener pauses. The rule is asked about the client
 * again, before any other client of the listener, when a connection is over or the rule says so.
 * A claim: the client goes on, and its connection holds places until it ends.
 */
export type Decision = 'go-on' | 'wait' | Refuse | Claim

/** The connection of a client that was let in. */
export interface LetIn {
  readonly service: Service
  readonly peer: PeerAddress
  /** Undefined: it holds no place. */
  claim: Claim | undefined
}

/** The admission step, as its rule sees it. */
export interface AdmissionStep {
  /** Asks again about everybody who waits. For rules whose answers change without an end. */
  askAgain(): void
}

export interface AdmissionRule {
  /** Called once, before all else. */
  begin?(step: AdmissionStep): void
  /**
   * Asked once about each client, before any byte of it is read, and again about a client that waits. For
   * `go-on` it makes no object.
   */
  decide(service: Service, from: PeerAddress): Decision
  /**
   * A trusted proxy has named the client of a connection. Why this client may not come in. Undefined: it may. `limits`: those of
   * the listener at present.
   */
  named?(connection: LetIn, client: Address, limits: LimitPlan | undefined): OpeningCause | undefined
  /** The cluster of a connection is chosen. Asked again when a client that waits may have its turn. */
  enter?(connection: LetIn, destination: Destination, client: CountedClient): Entry
  /** A connection that holds places is over. */
  ended?(connection: LetIn): void
  /** A connection is over, and a client waits here. True: its place is for a client of another worker. */
  isForOthers?(): boolean
  /** No client waits here any more. */
  nobodyWaits?(): void
}
