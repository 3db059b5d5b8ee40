/** The proxy of one process, as an upgrade sees it. */
import { join } from 'node:path'
import type { ActiveVerdict, SharedVerdict } from '../cluster/shared-verdict.js'
import type { Config } from '../config/schema.js'
import type { Control } from '../control/control.js'
import type { BackendChange } from '../control/orders.js'
import type { KeptBan } from '../limits/bans/told-bans.js'
import type { Counts } from '../limits/counts/counts.js'
import type { Log } from '../observe/log/log.js'
import type { Catalogue } from '../proxy/catalogue/catalogue.js'
import type { RunningProxy } from '../proxy/running-proxy.js'
import type { Bequest } from './messages.js'
import type { Succession } from './succession.js'

export class AloneSuccession implements Succession {
  readonly control: Control
  readonly counts: Counts
  readonly #proxy: RunningProxy

  /** `counts`: the table of the proxy as another process sees it, which holds places of connections that come here. */
  constructor(proxy: RunningProxy, control: Control, counts = proxy.limiting.limiter.counts) {
    this.#proxy = proxy
    this.control = control
    this.counts = counts
  }

  get config(): Config {
    return this.#proxy.config
  }

  get log(): Log {
    return this.#proxy.log
  }

  get catalogue(): Catalogue {
    return this.#proxy.catalogue
  }

  get isServing(): boolean {
    return this.#proxy.state === 'running'
  }

  settled(): Promise<void> {
    return this.#proxy.reloader.settled()
  }

  listeners(): Bequest[] {
    return Array.from(this.#proxy.generations.present.services, ([listener, { name }]) => ({
      name,
      asked: listener.options.address,
      address: listener.address,
      ipv6Only: listener.place.ipv6Only,
      fds: [...listener.fds],
    })).filter(({ fds }) => fds.length > 0)
  }

  drained(): readonly string[] {
    return this.#proxy.generations.drained
  }

  holds(): { cluster: string; maxMs: number }[] {
    return this.#proxy.clusters.present.flatMap(({ name: cluster, queue: { heldMs } }) =>
      heldMs === undefined || heldMs < 1 ? [] : [{ cluster, maxMs: Math.ceil(heldMs) }],
    )
  }

  verdicts(): (SharedVerdict | ActiveVerdict)[] {
    return this.#proxy.clusters.verdicts()
  }

  bans(): KeptBan[] {
    return this.#proxy.limiting.bans.kept()
  }

  ticketKeys(): readonly string[] {
    return this.#proxy.tickets.texts
  }

  async pause(): Promise<void> {
    this.#proxy.acceptor.pause()
  }

  async resume(): Promise<void> {
    this.#proxy.acceptor.resume()
  }

  async leave(): Promise<void> {
    this.#proxy.acceptor.leaveAll()
  }

  async takeConnections(folder: string): Promise<string[]> {
    const path = join(folder, '0')
    return (await this.#proxy.handOver.takeAt(path)) ? [path] : []
  }

  async stopTaking(): Promise<void> {
    this.#proxy.handOver.stopTaking()
  }

  giveConnections(paths: readonly string[]): Promise<number> {
    return this.#proxy.handOver.give(paths)
  }

  async restoreBackend(cluster: string, backend: string, change: BackendChange): Promise<void> {
    this.#proxy.clusters.set(cluster, backend, change)
  }

  restoreVerdict(verdict: SharedVerdict | ActiveVerdict): void {
    this.#proxy.clusters.restore(verdict)
  }

  restoreBans(bans: readonly KeptBan[]): void {
    this.#proxy.limiting.bans.restore(bans)
  }

  takeTicketKeys(texts: readonly string[]): void {
    this.#proxy.tickets.take(texts)
  }
}
