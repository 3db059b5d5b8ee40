/** What waits in the queue of a cluster, and how long it may. Types only. */

export interface Waiter {
  /** Who it is for. The queue is fair between sources. */
  readonly source: string
  /** How long it waits if the policy does not say it, in ms. 0: for ever. */
  readonly connectMs: number
  /** The only backend that helps it. Undefined: any backend does. */
  readonly wants: object | undefined
  /** Some backends are no help to it, because it wants one or has tried others. A place that it leaves may help the next one. */
  readonly isChoosy: boolean
  /** Its turn may have come. False: there is still no place for it, and it waits on. */
  tryAgain(): boolean
  /** It has waited in vain. It is not in the queue any more. */
  abandon(error: string): void
}

export interface QueuePolicy {
  /** In ms. 0: for ever. Undefined: as long as a connect may take. */
  readonly waitMs: number | undefined
  /** How many may wait in all processes. 0: any number. */
  readonly length: number
  /** Nobody waits, unless an operator holds the cluster. */
  readonly isRefusing: boolean
  /** Places become free without a word: limits grow with time, or other parts of the process count. */
  readonly mustPoll: boolean
}
