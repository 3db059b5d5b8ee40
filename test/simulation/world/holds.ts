/**
 * The holds of a story, as the operator ordered them. It knows nothing of the queues of the proxy, so the rules can compare
 * both. It notes each connect to a backend of a cluster that is held.
 */
import type { HoldOrder } from '../../../src/control/orders.js'
import type { VirtualClock } from '../clock.js'

/** The last hold of a cluster (ms). `until` is where it ended, or will end by itself. */
export interface Hold {
  readonly since: number
  readonly until: number
}

const NEVER: Hold = { since: Number.POSITIVE_INFINITY, until: Number.NEGATIVE_INFINITY }

export class Holds {
  /** The clusters to which a connect began while they were held. */
  readonly dialled: string[] = []
  readonly #clock: VirtualClock
  readonly #last = new Map<string, Hold>()

  constructor(clock: VirtualClock) {
    this.#clock = clock
  }

  /** A further order replaces the end of a hold that lasts. */
  began({ cluster, maxMs }: HoldOrder): void {
    const { now } = this.#clock
    const since = this.isHeld(cluster) ? this.lastOf(cluster).since : now
    this.#last.set(cluster, { since, until: now + maxMs })
  }

  ended(cluster: string): void {
    this.#last.set(cluster, { ...this.lastOf(cluster), until: this.#clock.now })
  }

  isHeld(cluster: string): boolean {
    return this.#clock.now < this.lastOf(cluster).until
  }

  /** A hold of no time, if the cluster was never held. */
  lastOf(cluster: string): Hold {
    return this.#last.get(cluster) ?? NEVER
  }

  /** A connect to a backend of this cluster begins. */
  dial(cluster: string): void {
    if (this.isHeld(cluster)) this.dialled.push(`${cluster} at ${Math.round(this.#clock.now)} ms`)
  }
}
