/**
 * Opens the listeners of a proxy, and has clients admitted who come to them. Why one could not be opened, and why one
 * pauses, is told here.
 */
import type { PeerAddress } from '../address.js'
import type { Service } from '../connection/service.js'
import type { Engine } from '../io/engine.js'
import type { Socket } from '../io/socket.js'
import type { Listener } from '../listener/listener.js'
import { announceFailedAccept, announcePause } from '../observe/log/announcements.js'
import type { Log } from '../observe/log/log.js'
import type { Generations } from './generations/generations.js'
import { explainOwnOverlap } from './own-overlap.js'

export interface AcceptorOptions {
  readonly engine: Engine
  readonly log: Log
  readonly generations: Generations
  /** Other processes listen on the same ports (SO_REUSEPORT). */
  readonly sharePorts: boolean
  admit(service: Service, client: Socket, from: PeerAddress): void
  /** Accepting paused. */
  paused(service: Service): void
}

export class Acceptor {
  readonly #options: AcceptorOptions

  constructor(options: AcceptorOptions) {
    this.#options = options
  }

  /** Rejects with `listen-failed`, which says what to do. */
  async open(listener: Listener): Promise<void> {
    const { engine, log, generations, sharePorts, admit } = this.#options
    try {
      await listener.open(engine, sharePorts, {
        accepted: (at, client, from) => admit(generations.serviceOf(at), client, from),
        paused: (at, errno, isNews) => this.#paused(generations.serviceOf(at), errno, isNews),
        failed: (at, errno) => announceFailedAccept(log, generations.serviceOf(at).name, errno),
      })
    } catch (error) {
      const { present, next } = generations
      throw explainOwnOverlap(error, listener.options, present.services.keys(), next ?? present)
    }
    const { name, address } = listener.status()
    log.info({ listener: name, address, engine: engine.kind }, `listening on ${address}`)
  }

  /** They accept no more, those of a config that is being taken up as well. */
  closeAll(): void {
    for (const listener of this.#options.generations.listeners) listener.close()
  }

  #paused(service: Service, errno: string, isNews: boolean): void {
    this.#options.paused(service)
    if (isNews) announcePause(this.#options.log, service.name, errno)
  }
}
