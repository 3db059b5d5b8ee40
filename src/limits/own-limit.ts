/**
 * How many connections this process can have because of its file descriptors. No other process has a part in it, so it
 * needs no table of counts. It holds beside a `maxConnections` of the proxy, too:
 * one worker can have more of these than the others.
 */
import type { Limit } from './limit.js'
import type { NoPlace } from './limiter.js'
import { PROCESS } from './scope.js'

const NO_LIMITS: Limit['policy'] = { whenFull: 'wait', dryRun: false }

export class OwnLimit {
  readonly #open: () => number
  #most = Number.POSITIVE_INFINITY
  #full: NoPlace | undefined

  /** `open`: the connections that are open now. */
  constructor(open: () => number) {
    this.#open = open
  }

  /** `most` undefined: there is no such limit. */
  set(most: number | undefined, policy = NO_LIMITS): void {
    this.#most = most ?? Number.POSITIVE_INFINITY
    const want = { key: { scope: PROCESS }, most: this.#most, perSecond: 0, burst: 1 }
    const limit = { scope: PROCESS, perSource: undefined, policy, want, key: PROCESS }
    this.#full = { limit, why: 'connections' }
  }

  /** Undefined: there is room for one more. */
  get noPlace(): NoPlace | undefined {
    return this.#open() < this.#most ? undefined : this.#full
  }
}
