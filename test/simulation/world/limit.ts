/**
 * An admission rule that lets in a fixed number of clients at once, whoever they are and wherever they go. For each further
 * client luck decides: it waits at its listener, is queued for a backend or a cluster, or is refused.
 */
import { formatPeer, type PeerAddress } from '../../../src/address.js'
import type { AdmissionRule, AdmissionStep, Decision, QueueTarget } from '../../../src/admission/rule.js'
import type { Cluster } from '../../../src/cluster/cluster.js'
import type { Service } from '../../../src/connection/service.js'
import type { Random } from '../random.js'

export interface LimitOptions {
  readonly most: number
  readonly answers: readonly ('wait' | 'queue' | 'refuse')[]
  /** The deadline of a queue (ms). 0 means none. */
  readonly deadlineMs: number
}

const PRIORITIES = 3

export class Limit implements AdmissionRule {
  /** Connections that were let in. */
  active = 0
  readonly options: LimitOptions
  /** The clients that wait at a listener, by their names in records. */
  readonly waiting = new Set<string>()
  /** The clients that were ever queued. They do not wait at their listener again. */
  readonly #queued = new Set<string>()
  readonly #random: () => Random
  readonly #targets = new Set<QueueTarget>()
  #step: AdmissionStep | undefined

  constructor(options: LimitOptions, random: () => Random) {
    this.options = options
    this.#random = random
  }

  begin(step: AdmissionStep): void {
    this.#step = step
  }

  decide({ destination }: Service, from: PeerAddress): Decision {
    const client = formatPeer(from)
    this.waiting.delete(client)
    if (this.active < this.options.most) {
      this.active++
      return 'go-on'
    }
    const { answers, deadlineMs } = this.options
    const random = this.#random()
    const answer = random.pick(answers)
    if (answer === 'refuse') return { answer, cause: 'rejected' }
    if (answer === 'queue' && destination !== undefined) {
      const target = this.#targetIn(destination.cluster, random)
      this.#queued.add(client)
      return { answer, target, priority: random.int(1, PRIORITIES), deadlineMs }
    }
    if (!this.#queued.has(client)) this.waiting.add(client)
    return 'wait'
  }

  /** A place is free for any client. */
  ended(): void {
    this.active--
    this.#step!.askAgain()
  }

  get queued(): number {
    return [...this.#targets].reduce((sum, target) => sum + this.#step!.queued(target), 0)
  }

  #targetIn(cluster: Cluster, random: Random): QueueTarget {
    const target = random.chance(0.5) ? cluster : random.pick(cluster.backends)
    this.#targets.add(target)
    return target
  }
}
