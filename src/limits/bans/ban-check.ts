/**
 * Turns away clients that are banned. A process that serves clients has one such check for each scope.
 */
import type { PeerAddress } from '../../address.js'
import type { BanWitness } from './ban-keeper.js'
import { type BanTable, ORDERED } from './ban-table.js'

export class BanCheck {
  readonly scope: string
  readonly isDryRun: boolean
  readonly #table: BanTable
  readonly #witness: BanWitness

  /** `isDryRun`: nobody is turned away. It does not hold for what operators have ordered. */
  constructor(scope: string, isDryRun: boolean, table: BanTable, witness: BanWitness) {
    this.scope = scope
    this.isDryRun = isDryRun && scope !== ORDERED
    this.#table = table
    this.#witness = witness
  }

  /** Undefined: the client is not banned. */
  refuses(client: PeerAddress): 'denied: banned' | undefined {
    if (this.#table.size === 0) return undefined
    const ban = this.#table.find(this.scope, client, performance.now())
    if (ban === undefined) return undefined
    if (!this.isDryRun) this.#witness.turnedAway(this.scope, ban.network, 1)
    return 'denied: banned'
  }
}
