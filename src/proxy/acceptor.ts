/**
 * Opens the listeners of a proxy and hands their clients to admission. It explains why a listener could not
 * be opened and why one pauses.
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
  /** The listener accepts clients from now on, or will do so when it is resumed. */
  opened(listener: Listener): void
  /** The listener of this service has paused. */
  paused(service: Service): void
}

export class Acceptor {
  readonly #options: AcceptorOptions
  #isPaused = false
  /** Resolves when no client waits at a listener. Undefined: no other process has the sockets. */
  #left: Promise<unknown> | undefined

  constructor(options: AcceptorOptions) {
    this.#options = options
  }

  /** Rejects with `listen-failed`. The message says what to do. */
  async open(listener: Listener): Promise<void> {
    const { engine, log, generations, sharePorts, admit } = this.#options
    const wasPaused = this.#isPaused
    try {
      await listener.open(
        engine,
        sharePorts,
        {
          accepted: (at, client, from) => admit(generations.serviceOf(at), client, from),
          paused: (at, errno, isNews) => this.#paused(generations.serviceOf(at), errno, isNews),
          failed: (at, errno) => announceFailedAccept(log, generations.serviceOf(at).name, errno),
        },
        wasPaused ? 'upgrade' : undefined,
      )
    } catch (error) {
      const { present, next } = generations
      throw explainOwnOverlap(error, listener.options, present.services.keys(), next ?? present)
    }
    this.#options.opened(listener)
    if (this.#isPaused !== wasPaused) this.#apply(listener)
    const { name, address } = listener.status()
    log.info({ listener: name, address, engine: engine.kind }, `listening on ${address}`)
  }

  /**
   * Opens the listeners of the present config that are not drained. `checkRunning` throws if the proxy was told to end
   * meanwhile.
   */
  async openAll(checkRunning: () => void): Promise<void> {
    for (const listener of this.#options.generations.present.services.keys()) {
      if (!listener.isDrained) await this.open(listener)
      checkRunning()
    }
  }

  /** Nobody is accepted before `resume`, on listeners that open later neither. */
  pause(): void {
    this.#isPaused = true
    for (const listener of this.#options.generations.listeners) this.#apply(listener)
  }

  resume(): void {
    this.#isPaused = false
    for (const listener of this.#options.generations.listeners) this.#apply(listener)
  }

  /** Another process accepts on these sockets from now on. Clients that wait at the listeners go on. Call `closeAll` later. */
  leaveAll(): void {
    this.#left = Promise.all(Array.from(this.#options.generations.listeners, (listener) => listener.leave()))
  }

  /** Resolves when no client waits at a listener, or after this time (ms). 0: no limit. */
  async emptied(withinMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      if (withinMs > 0) timer = setTimeout(resolve, withinMs)
    })
    await Promise.race([this.#left, late]).finally(() => clearTimeout(timer))
  }

  /** Whether another process has the sockets. */
  get hasLeft(): boolean {
    return this.#left !== undefined
  }

  /** Stops accepting on all listeners, those of a config that is being loaded included. */
  closeAll(): void {
    for (const listener of this.#options.generations.listeners) listener.close()
  }

  #apply(listener: Listener): void {
    if (this.#isPaused) listener.pause('upgrade')
    else listener.resume('upgrade')
  }

  #paused(service: Service, errno: string, isNews: boolean): void {
    this.#options.paused(service)
    if (isNews) announcePause(this.#options.log, service.name, errno)
  }
}
