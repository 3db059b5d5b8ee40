/**
 * Which clients may come in. This is what a rule is asked about each client between accept and connection,
 * and what it may answer. Limits, rates and priorities are rules. Types only.
 */
import type { PeerAddress } from '../address.js'
import type { Backend } from '../cluster/backend.js'
import type { Cluster } from '../cluster/cluster.js'
import type { Service } from '../connection/service.js'
import type { OpeningCause } from '../observe/endings.js'

/** What a client can be queued for. When it is released, the rule is asked about its first client again. */
export type QueueTarget = Backend | Cluster

/** The client is reset, and its record says why. */
export interface Refuse {
  readonly answer: 'refuse'
  readonly cause: OpeningCause | 'out-of-resources'
}

/** The client waits for its turn. Until then it costs one socket and no backend. Others are accepted. */
export interface Queue {
  readonly answer: 'queue'
  readonly target: QueueTarget
  /** The smaller number is asked about first. Among equal numbers, the client that came first is. */
  readonly priority: number
  /** How long the client waits at most, in ms. Then it ends like a connect that is too slow. 0: for ever. */
  readonly deadlineMs: number
}

/**
 * `wait`: as if the client had not been accepted. Its listener pauses. The rule is asked about the client
 * again, before any other client of the listener, when a connection is over or the rule says so.
 */
export type Decision = 'go-on' | 'wait' | Refuse | Queue

/** The admission step, as its rule sees it. */
export interface AdmissionStep {
  /** Asks again about everybody who waits. For rules whose answers change without a release or an end. */
  askAgain(): void
  /** How many clients are queued for `target`. */
  queued(target: QueueTarget): number
}

export interface AdmissionRule {
  /** Called once, before all else. */
  begin?(step: AdmissionStep): void
  /**
   * Asked once about each client, before any byte of it is read, and again about a client that waits. For
   * `go-on` it makes no object, and it counts that client as let in. A queued client leaves its queue only by
   * `go-on` or a refusal.
   */
  decide(service: Service, from: PeerAddress): Decision
  /** The connection of a client that was let in is over. */
  ended?(service: Service, from: PeerAddress): void
}
