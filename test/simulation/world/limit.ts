/**
 * An admission rule that lets in a fixed number of clients at once, whoever they are and wherever they go. For each further
 * client luck decides: it waits at its listener, or is refused.
 */
import { formatPeer, type PeerAddress } from '../../../src/address.js'
import type { AdmissionRule, AdmissionStep, Decision } from '../../../src/admission/rule.js'
import type { Service } from '../../../src/connection/service.js'
import { Claim } from '../../../src/limits/claim.js'
import type { Random } from '../random.js'

export interface LimitOptions {
  readonly most: number
  readonly answers: readonly ('wait' | 'refuse')[]
}

export class Limit implements AdmissionRule {
  /** Connections that were let in. */
  active = 0
  readonly options: LimitOptions
  /** The clients that wait at a listener, by their names in records. */
  readonly waiting = new Set<string>()
  readonly #random: () => Random
  #step: AdmissionStep | undefined

  constructor(options: LimitOptions, random: () => Random) {
    this.options = options
    this.#random = random
  }

  begin(step: AdmissionStep): void {
    this.#step = step
  }

  decide(_: Service, from: PeerAddress): Decision {
    const client = formatPeer(from)
    this.waiting.delete(client)
    if (this.active < this.options.most) {
      this.active++
      return new Claim()
    }
    const answer = this.#random().pick(this.options.answers)
    if (answer === 'refuse') return { answer, cause: 'rejected' }
    this.waiting.add(client)
    return 'wait'
  }

  /** A place is free for any client. */
  ended(): void {
    this.active--
    this.#step!.askAgain()
  }
}
