/**
 * The rule by which a cluster shares connections out to its backends. A balancer puts them in an order and knows nothing
 * of health, retries or dialling: who may be picked is said anew each time.
 */
import type { BalanceRequest } from './request.js'

/** What a balancer may know of a backend. */
export interface Candidate {
  readonly name: string
  /** Share of the connections, relative to the others. 0: it is no candidate. */
  readonly weight: number
  /** Connections in use. */
  readonly active: number
  /** Connects on their way. */
  readonly dialling: number
}

export interface Balancer<Item> {
  /**
   * The first of the candidates in the order for `request`, or undefined where there is none. Asked again for the same
   * request without those already picked, it goes on in that order until every candidate was picked once: so retries
   * follow the balancer, too. It runs for each connection, and makes no object for it.
   */
  pick(isCandidate: (item: Item) => boolean, request: BalanceRequest): Item | undefined
}
