/**
 * A listener: an address we accept on, and the name it goes by. It opens and closes; what becomes of a client, and who
 * counts it, is not its business.
 */
import { type Address, formatAddress, type PeerAddress } from '../address.js'
import { MillraceError } from '../errors.js'
import type { Engine, Listening } from '../io/engine.js'
import type { Socket } from '../io/socket.js'

/** Connections the kernel may queue before we accept them: what net.core.somaxconn has been since Linux 5.4. */
const BACKLOG = 4096
/** While accepting is paused again and again, it is told this often (ms). */
const TELL_PAUSE_EVERY_MS = 10_000

export interface ListenerOptions {
  readonly name: string
  /** As configured. */
  readonly address: Address
}

export interface ListenerHooks {
  accepted(listener: Listener, client: Socket, from: PeerAddress): void
  /** Accepting paused for want of fds or memory. `isNews`: now and then while it lasts. */
  paused(listener: Listener, errno: string, isNews: boolean): void
}

export interface ListenerStatus {
  readonly name: string
  /** With the port in use where 0 was asked for. */
  readonly address: string
  readonly isListening: boolean
}

export class Listener {
  #options: ListenerOptions
  #listening: Listening | undefined
  #address: Address
  #isDrained = false
  #toldPauseAt = Number.NEGATIVE_INFINITY

  constructor(options: ListenerOptions) {
    this.#options = options
    this.#address = options.address
  }

  get options(): ListenerOptions {
    return this.#options
  }

  /** What it goes by from now on. */
  rename(name: string): void {
    this.#options = { ...this.#options, name }
  }

  get isListening(): boolean {
    return this.#listening !== undefined
  }

  /** It is not to be opened before it is asked for anew. */
  get isDrained(): boolean {
    return this.#isDrained
  }

  /** With the port in use where 0 was asked for, once it is open. */
  get address(): Address {
    return this.#address
  }

  /** Rejects with `listen-failed`, naming the listener. */
  async open(engine: Engine, sharePort: boolean, hooks: ListenerHooks): Promise<void> {
    const handler = {
      accepted: (client: Socket, from: PeerAddress) => hooks.accepted(this, client, from),
      paused: (errno: string) => this.#paused(hooks, errno),
    }
    try {
      this.#listening = await engine.listen(this.#options.address, { backlog: BACKLOG, sharePort }, handler)
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      throw new MillraceError('listen-failed', `listener ${this.#options.name}: ${message}`, { cause: error })
    }
    this.#address = this.#listening.address
    this.#isDrained = false
  }

  /** Accepts no more, open or not, until it is opened again. */
  drain(): void {
    this.#isDrained = true
    this.close()
  }

  /** Accepts no more; connections go on. */
  close(): void {
    this.#listening?.close()
    this.#listening = undefined
  }

  status(): ListenerStatus {
    return {
      name: this.#options.name,
      address: formatAddress(this.#address),
      isListening: this.isListening,
    }
  }

  #paused(hooks: ListenerHooks, errno: string): void {
    const now = performance.now()
    const isNews = now - this.#toldPauseAt >= TELL_PAUSE_EVERY_MS
    if (isNews) this.#toldPauseAt = now
    hooks.paused(this, errno, isNews)
  }
}
