/** A proxy into which not all clients may come at once, and the clients. */
import { expect } from 'vitest'
import { formatPeer, type PeerAddress } from '../../src/address.js'
import type { AdmissionRule, AdmissionStep, Decision, Queue } from '../../src/admission/rule.js'
import type { Service } from '../../src/connection/service.js'
import { Backend } from '../support/backend.js'
import { pattern } from '../support/bytes.js'
import { openedSince, openFds } from '../support/fds.js'
import type { Peer } from '../support/peer.js'
import { trimPipes } from '../support/rig.js'
import { until } from '../support/wait.js'
import { Bed, type BedConfig } from './bed.js'

const ROUND_TRIP_BYTES = 10
/** Said by each who waits. */
export const SAID_BYTES = 100_000

/** Lets so many in at a time; what becomes of the others is the test's to say. */
export class Limit implements AdmissionRule {
  most: number
  active = 0
  otherwise: (service: Service) => Decision
  step!: AdmissionStep
  /** Who was asked about, each time. */
  readonly asked: string[] = []

  constructor(most: number, otherwise: (service: Service) => Decision) {
    this.most = most
    this.otherwise = otherwise
  }

  begin(step: AdmissionStep): void {
    this.step = step
  }

  decide(service: Service, from: PeerAddress): Decision {
    this.asked.push(formatPeer(from))
    if (this.active >= this.most) return this.otherwise(service)
    this.active++
    return 'go-on'
  }

  ended(): void {
    this.active--
  }
}

/** A queue for the cluster of a listener, or what else is to be waited for. */
export function queueFor({ destination }: Service, options: Partial<Queue> = {}): Queue {
  return { answer: 'queue', target: destination!.cluster, priority: 0, deadlineMs: 0, ...options }
}

export class AdmissionRig {
  readonly backend: Backend
  bed!: Bed
  rule!: Limit
  readonly #fdsBefore: readonly string[]

  /** The backend answers everything with the same. */
  static async create(): Promise<AdmissionRig> {
    trimPipes()
    const fdsBefore = openFds()
    return new AdmissionRig((await Backend.listen()).echo(), fdsBefore)
  }

  private constructor(backend: Backend, fdsBefore: readonly string[]) {
    this.backend = backend
    this.#fdsBefore = fdsBefore
  }

  async start(rule: Limit, config: BedConfig = {}): Promise<void> {
    this.rule = rule
    this.bed = await Bed.start({ backends: [this.backend], ...config }, { admission: rule })
  }

  /** Who was let in is not counted any more; no deadline and no fd is left. */
  async end(): Promise<void> {
    await this.bed.end()
    await this.backend.close()
    expect(this.rule.active).toBe(0)
    expect(this.bed.proxy.engine.sweep.size).toBe(0)
    trimPipes()
    await until(() => openedSince(this.#fdsBefore).length === 0)
  }

  /** Clients of the cluster `back` in its queue. */
  get queued(): number {
    return this.rule.step.queued(this.bed.proxy.clusters.get('back')!)
  }

  /** A client that is let in, and has its answer. */
  async served(listener = 0): Promise<Peer> {
    const client = await this.bed.connect(listener)
    await this.answered(client)
    return client
  }

  async answered(client: Peer): Promise<void> {
    const before = client.receivedBytes
    client.send(pattern(1, ROUND_TRIP_BYTES))
    await client.receive(before + ROUND_TRIP_BYTES)
  }

  /** A client that the rule was asked about. */
  async asked(listener = 0): Promise<Peer> {
    const before = this.rule.asked.length
    const client = await this.bed.connect(listener)
    await until(() => this.rule.asked.length > before)
    return client
  }

  /** Those who are not let in, one after the other; each says something. */
  async comeInVain(count: number): Promise<Peer[]> {
    const clients: Peer[] = []
    for (let i = 0; i < count; i++) clients.push(await this.asked())
    for (const client of clients) client.send(pattern(2, SAID_BYTES))
    return clients
  }

  /** Each has the answer to everything it has said, and leaves, which lets the next one in. */
  async servedInOrder(clients: readonly Peer[]): Promise<void> {
    for (const client of clients) {
      await client.receive(SAID_BYTES)
      expect(client.missingFrom(client)).toBeUndefined()
      await this.leave(client)
    }
  }

  async leave(client: Peer): Promise<void> {
    client.end()
    expect(await client.ended).toBe('fin')
  }
}
