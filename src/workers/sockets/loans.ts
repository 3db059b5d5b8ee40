/**
 * Lends the sockets of a slot without a worker to a worker that serves, until the slot has a worker again.
 * The kernel keeps sending clients to these sockets, and the next worker may come late or never.
 */
import type { Config } from '../../config/schema.js'
import type { ServingWorkers } from '../slots/serving-workers.js'
import type { WorkerChannel } from '../slots/worker-channel.js'
import type { Sockets } from './sockets.js'

export class Loans {
  readonly #serving: ServingWorkers
  readonly #sockets: Sockets
  readonly #config: () => Config
  /** By slot: the worker that accepts for it. Undefined: none does yet. */
  readonly #borrowers = new Map<number, WorkerChannel | undefined>()

  constructor(serving: ServingWorkers, sockets: Sockets, config: () => Config) {
    this.#serving = serving
    this.#sockets = sockets
    this.#config = config
  }

  /** The slot has lost its worker. */
  begin(slot: number): void {
    if (this.#sockets.isShared || this.#borrowers.has(slot)) return
    this.#borrowers.set(slot, undefined)
    this.assign()
  }

  /** The slot has a worker that serves. */
  end(slot: number): void {
    this.#borrowers.get(slot)?.send({ kind: 'takeBack', slot })
    this.#borrowers.delete(slot)
  }

  /** Workers have come or gone. */
  assign(): void {
    const [borrower] = this.#serving.channels
    if (borrower === undefined) return
    for (const [slot, channel] of this.#borrowers) {
      if (channel === undefined || channel.isGone) this.#lend(slot, borrower)
    }
  }

  /** Listeners have come or gone. */
  renew(): void {
    for (const [slot, channel] of this.#borrowers) if (channel !== undefined) this.#lend(slot, channel)
  }

  #lend(slot: number, borrower: WorkerChannel): void {
    this.#borrowers.set(slot, borrower)
    for (const [address, sockets] of this.#sockets.of(slot, this.#config())) {
      for (const { handle } of sockets) borrower.send({ kind: 'lend', address, slot }, handle)
    }
  }
}
