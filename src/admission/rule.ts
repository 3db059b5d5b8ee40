/**
 * Who may come in: what is asked of each client between its accept and its connection, and what may be answered. Limits,
 * rates and priorities are rules. Types only.
 */
import type { PeerAddress } from '../address.js'
import type { Backend } from '../cluster/backend.js'
import type { Cluster } from '../cluster/cluster.js'
import type { Service } from '../connection/service.js'
import type { OpeningCause } from '../observe/endings.js'

/** What a client can be queued for: when it is released, the first of its queue is asked about again. */
export type QueueTarget = Backend | Cluster

/** The client is reset, and its record says why. */
export interface Refuse {
  readonly answer: 'refuse'
  readonly cause: OpeningCause | 'out-of-resources'
}

/** The client holds no backend, and costs one socket, until its turn comes. Others are accepted meanwhile. */
export interface Queue {
  readonly answer: 'queue'
  readonly target: QueueTarget
  /** Who has the smaller number is asked first; of the same, who came first. */
  readonly priority: number
  /** How long it waits at most before it ends as a connect that took too long (ms). 0: for ever. */
  readonly deadlineMs: number
}

/**
 * `wait`: as if it had not been accepted. Its listener pauses, and the client is asked about again, before any other of the
 * listener, when a connection is over or the rule says so.
 */
export type Decision = 'go-on' | 'wait' | Refuse | Queue

/** The step that asks, for its rule. */
export interface AdmissionStep {
  /** An answer may be another than before, for other reasons than a release or an end: everybody who waits is asked about. */
  askAgain(): void
  /** How many are queued. */
  queued(target: QueueTarget): number
}

export interface AdmissionRule {
  /** Once, before all else. */
  begin?(step: AdmissionStep): void
  /**
   * Asked once for each client, before any byte of it is read, and again for one that waits. It makes no object where the
   * answer is `go-on`, and counts that one as let in. Of one in a queue any answer but `go-on` and a refusal leaves
   * it where it is.
   */
  decide(service: Service, from: PeerAddress): Decision
  /** The connection of one that was let in is over. */
  ended?(service: Service, from: PeerAddress): void
}
