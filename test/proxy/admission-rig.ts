/** A proxy that does not let all clients in at once, and its clients. */
import { expect } from 'vitest'
import { formatPeer, type PeerAddress } from '../../src/address.js'
import type { AdmissionRule, AdmissionStep, Decision } from '../../src/admission/rule.js'
import type { Service } from '../../src/connection/service.js'
import { Claim } from '../../src/limits/claim.js'
import { Backend } from '../support/backend.js'
import { pattern } from '../support/bytes.js'
import { openedSince, openFds } from '../support/fds.js'
import type { Peer } from '../support/peer.js'
import { trimPipes } from '../support/rig.js'
import { until } from '../support/wait.js'
import { Bed, type BedConfig } from './bed.js'

const ROUND_TRIP_BYTES = 10
/** How much each waiting client sends. */
export const SAID_BYTES = 100_000

/** Lets `most` clients in at a time. `otherwise` decides about the others. */
export class Limit implements AdmissionRule {
  most: number
  active = 0
  otherwise: (service: Service) => Decision
  step!: AdmissionStep
  /** The address of each client that the rule was asked about, in order. */
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
    return new Claim()
  }

  ended(): void {
    this.active--
  }
}

export class AdmissionRig {
  readonly backend: Backend
  bed!: Bed
  rule = new Limit(0, () => 'wait')
  readonly #fdsBefore: readonly string[]

  /** Its backend echoes. */
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

  /** Starts a proxy with the rule of all proxies: the limits of its config. */
  async startWithLimits(config: BedConfig): Promise<void> {
    this.bed = await Bed.start({ backends: [this.backend], ...config })
  }

  /** Ends everything. Checks that the rule counts no client as active, and that no deadline and no fd is left. */
  async end(): Promise<void> {
    await this.bed.end()
    await this.backend.close()
    expect(this.rule.active).toBe(0)
    expect(this.bed.proxy.engine.sweep.size).toBe(0)
    trimPipes()
    await until(() => openedSince(this.#fdsBefore).length === 0)
  }

  /** Connects a client that is let in, and waits for its answer. */
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

  /** Connects a client and waits until the rule was asked about it. */
  async asked(listener = 0): Promise<Peer> {
    const before = this.rule.asked.length
    const client = await this.bed.connect(listener)
    await until(() => this.rule.asked.length > before)
    return client
  }

  /** Connects clients that are not let in, one after the other. Each of them sends SAID_BYTES. */
  async comeInVain(count: number): Promise<Peer[]> {
    const clients: Peer[] = []
    for (let i = 0; i < count; i++) clients.push(await this.asked())
    for (const client of clients) client.send(pattern(2, SAID_BYTES))
    return clients
  }

  /** Each client gets the answer to all that it has sent, and leaves. That lets the next one in. */
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
