/**
 * The rule by which a cluster distributes connections to its backends. A balancer puts the backends in an
 * order. It knows nothing of health, retries or dialling: each pick tells it anew which backends may be
 * picked.
 */
import type { PickNotes } from './notes.js'
import type { BalanceRequest } from './request.js'

/** What a balancer may know of a backend. */
export interface Candidate {
  /** The same in every process and after every restart. */
  readonly name: string
  /** Share of the connections, relative to the others. 0: it is no candidate. */
  readonly weight: number
  /** `weight`, or less of it while the backend starts slowly. */
  readonly share: number
  /** Connections in use. */
  readonly active: number
  /** Connects in progress. */
  readonly dialling: number
}

export interface Balancer<Item> {
  /**
   * Returns the first candidate in the order for `request`. Undefined if there is none. If it is asked again
   * for the same request without those already picked, it continues in that order until every candidate was
   * picked once. So retries follow the balancer, too. It runs for each connection, and makes
   * no object for it but a key that it has to read. With `notes` it writes down why.
   */
  pick(
    isCandidate: (item: Item) => boolean,
    request: BalanceRequest,
    notes?: PickNotes<Item>,
  ): Item | undefined
  /**
   * Whether the connection of `request` waits for the picked backend while that one is full, even if others have room. Default:
   * it does not.
   */
  waitsForPicked?(request: BalanceRequest): boolean
  /** The weight of a backend has changed. */
  reweighted?(): void
}

/** Connections that a backend has, and those that it is about to have. */
export const openOf = ({ active, dialling }: Pick<Candidate, 'active' | 'dialling'>): number =>
  active + dialling
