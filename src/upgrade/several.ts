/** The proxy of several workers, as an upgrade sees it. The supervisor hands over for all of them. */
import { join } from 'node:path'
import type { ActiveVerdict, SharedVerdict } from '../cluster/shared-verdict.js'
import type { Config } from '../config/schema.js'
import type { Control } from '../control/control.js'
import type { BackendChange } from '../control/orders.js'
import type { KeptBan } from '../limits/bans/told-bans.js'
import type { Counts } from '../limits/counts/counts.js'
import type { Log } from '../observe/log/log.js'
import type { Catalogue } from '../proxy/catalogue/catalogue.js'
import type { Call } from '../workers/messages.js'
import { LOOK_WITHIN_MS, ORDER_WITHIN_MS } from '../workers/slots/serving-workers.js'
import type { Outcome, WorkerChannel } from '../workers/slots/worker-channel.js'
import type { Supervisor } from '../workers/supervisor.js'
import type { Bequest } from './messages.js'
import type { Succession } from './succession.js'

/** ms. Nobody accepts clients from the first worker that pauses until the successor has the state. */
const PAUSE_WITHIN_MS = 250
/** ms. A worker that is stopped must not keep the others from their drain. */
const GIVE_WITHIN_MS = 60_000

/** A worker that does not answer takes no connections. The others do. */
const takeIn = (channel: WorkerChannel, folder: string): Promise<Outcome<string | undefined>> =>
  channel.ask({ method: 'take', args: [join(folder, String(channel.slot))] }, LOOK_WITHIN_MS)

export class WorkersSuccession implements Succession {
  readonly control: Control
  readonly #supervisor: Supervisor

  constructor(supervisor: Supervisor, control: Control) {
    this.#supervisor = supervisor
    this.control = control
  }

  get config(): Config {
    return this.#supervisor.config
  }

  get log(): Log {
    return this.#supervisor.log
  }

  get catalogue(): Catalogue {
    return this.#supervisor.desired.catalogue
  }

  get counts(): Counts | undefined {
    return this.#supervisor.table.counts
  }

  get isServing(): boolean {
    return !this.#supervisor.isStopping
  }

  settled(): Promise<void> {
    return this.#supervisor.inTurn(async () => {})
  }

  listeners(): Bequest[] {
    const { desired, sockets } = this.#supervisor
    const { loaded, config } = desired.present
    return config.listeners
      .map(({ name, address, ipv6Only }, index) => ({
        name,
        asked: loaded.listeners[index]!.address,
        address,
        ipv6Only,
        fds: [...sockets.fdsOf(address)],
      }))
      .filter(({ fds }) => fds.length > 0)
  }

  drained(): readonly string[] {
    return this.#supervisor.desired.orders.drained
  }

  holds(): readonly { cluster: string; maxMs: number }[] {
    return this.#supervisor.desired.orders.holds()
  }

  verdicts(): (SharedVerdict | ActiveVerdict)[] {
    return this.#supervisor.desired.health.verdicts()
  }

  bans(): KeptBan[] {
    return this.#supervisor.desired.bans.kept()
  }

  ticketKeys(): readonly string[] {
    return this.#supervisor.desired.ticketKeys
  }

  /** A worker that does not answer accepts nobody meanwhile. One that comes later is told at its start. */
  async pause(): Promise<void> {
    this.#supervisor.desired.isPaused = true
    await this.#tell({ method: 'pause', args: [] }, PAUSE_WITHIN_MS)
  }

  async resume(): Promise<void> {
    this.#supervisor.desired.isPaused = false
    await this.#tell({ method: 'resume', args: [] }, LOOK_WITHIN_MS)
  }

  async leave(): Promise<void> {
    this.#supervisor.keepLastWorkers()
    try {
      await this.#tell({ method: 'leave', args: [] }, LOOK_WITHIN_MS)
    } finally {
      this.#supervisor.sockets.leave()
    }
  }

  /** A worker that starts has learned at its start what held then. It hears this after that, and nothing waits for it. */
  async #tell(call: Call, withinMs: number): Promise<void> {
    const { begun, serving } = this.#supervisor
    const joined = new Set(serving.channels)
    for (const channel of begun) if (!joined.has(channel)) void channel.ask(call, 0)
    await serving.tell(call, withinMs)
  }

  async takeConnections(folder: string): Promise<string[]> {
    const { channels } = this.#supervisor.serving
    const outcomes = await Promise.all(channels.map((channel) => takeIn(channel, folder)))
    return outcomes.flatMap((outcome) => (outcome.kind === 'answer' ? (outcome.value ?? []) : []))
  }

  async stopTaking(): Promise<void> {
    await this.#supervisor.serving.tell({ method: 'stopTaking', args: [] }, LOOK_WITHIN_MS)
  }

  async giveConnections(paths: readonly string[]): Promise<number> {
    const give = { method: 'give', args: [paths] } as const
    const given = await this.#supervisor.serving.order<number>(() => give, GIVE_WITHIN_MS)
    return given.reduce((sum, each) => sum + each, 0)
  }

  async restoreBackend(cluster: string, backend: string, change: BackendChange): Promise<void> {
    const { desired, serving } = this.#supervisor
    desired.orders.changeBackend(cluster, backend, change)
    desired.health.follow()
    await serving.order(
      () => ({ method: 'changeBackend', args: [cluster, backend, change] }),
      ORDER_WITHIN_MS,
    )
  }

  restoreVerdict(verdict: SharedVerdict | ActiveVerdict): void {
    this.#supervisor.desired.health.restore(verdict)
  }

  restoreBans(bans: readonly KeptBan[]): void {
    this.#supervisor.desired.bans.restore(bans)
  }

  takeTicketKeys(texts: readonly string[]): void {
    const { desired, serving } = this.#supervisor
    desired.takeTicketKeys(texts, serving.channels)
  }
}
