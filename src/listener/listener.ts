/**
 * A listener: an address we accept on, and the name it goes by. It opens and closes; what becomes of a client, and who
 * counts it, is not its business.
 */
import { type Address, formatAddress, type PeerAddress } from '../address.js'
import type { ListenPlace } from '../config/checks/listener-addresses.js'
import { MillraceError } from '../errors.js'
import type { Engine, Listening, PauseReason } from '../io/engine.js'
import type { SocketFile } from '../io/listening/socket-file.js'
import type { Liveness } from '../io/liveness.js'
import type { Socket } from '../io/socket.js'

/** Connections the kernel may queue before we accept them: what net.core.somaxconn has been since Linux 5.4. */
export const BACKLOG = 4096
/** While accepting is paused or fails again and again, it is told this often (ms). */
const TELL_EVERY_MS = 10_000

/** Its address as configured. */
export interface ListenerOptions extends ListenPlace {
  readonly name: string
  /** Of its clients' connections. Default: what the system has. */
  readonly liveness?: Liveness | undefined
  /** Of a unix socket: who may connect. Default: as the umask leaves it. */
  readonly socketFile?: SocketFile | undefined
}

export interface ListenerHooks {
  accepted(listener: Listener, client: Socket, from: PeerAddress): void
  /** Accepting paused, mostly for want of fds or memory. `isNews`: now and then while it lasts. */
  paused(listener: Listener, errno: string, isNews: boolean): void
  /** A client could not be accepted, and others can. Told now and then while it lasts. */
  failed?(listener: Listener, errno: string): void
}

export interface ListenerStatus {
  readonly name: string
  /** With the port in use where 0 was asked for. */
  readonly address: string
  readonly isListening: boolean
}

/** Why this listener could not be opened. */
export function listenerError(name: string, error: unknown): MillraceError {
  const message = error instanceof Error ? error.message : String(error)
  return new MillraceError('listen-failed', `listener ${name}: ${message}`, { cause: error })
}

export class Listener {
  #options: ListenerOptions
  #listening: Listening | undefined
  #place: ListenPlace
  #isDrained = false
  #toldPauseAt = Number.NEGATIVE_INFINITY
  #toldFailureAt = Number.NEGATIVE_INFINITY

  constructor(options: ListenerOptions) {
    this.#options = options
    this.#place = options
  }

  get options(): ListenerOptions {
    return this.#options
  }

  /** What it goes by from now on; its place is what it was opened with. Throws where its file cannot be changed. */
  update(options: ListenerOptions): void {
    this.#options = options
    this.#listening?.update(options)
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
    return this.#place.address
  }

  /** The same, and whether it leaves IPv4 clients to another one. */
  get place(): ListenPlace {
    return this.#place
  }

  /** Rejects with `listen-failed`, naming the listener. */
  async open(engine: Engine, sharePort: boolean, hooks: ListenerHooks): Promise<void> {
    const { address, ipv6Only, liveness, socketFile } = this.#options
    const handler = {
      accepted: (client: Socket, from: PeerAddress) => hooks.accepted(this, client, from),
      paused: (errno: string) => this.#paused(hooks, errno),
      failed: (errno: string) => this.#failed(hooks, errno),
    }
    try {
      this.#listening = await engine.listen(
        address,
        { backlog: BACKLOG, sharePort, ipv6Only, liveness, socketFile },
        handler,
      )
    } catch (error) {
      throw listenerError(this.#options.name, error)
    }
    this.#place = { address: this.#listening.address, ipv6Only }
    this.#isDrained = false
  }

  /** Accepts nobody while there is this reason. Who comes meanwhile waits, unread. */
  pause(reason: PauseReason): void {
    this.#listening?.pause(reason)
  }

  /** This reason is gone. With the last one it goes on; closed, it stays closed. */
  resume(reason: PauseReason): void {
    this.#listening?.resume(reason)
  }

  /** Of a listener that pauses: a client it has just handed out comes again, before all others, when it goes on. */
  putBack(client: Socket, from: PeerAddress): void {
    if (this.#listening === undefined) client.reset()
    else this.#listening.putBack(client, from)
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
      address: formatAddress(this.address),
      isListening: this.isListening,
    }
  }

  #paused(hooks: ListenerHooks, errno: string): void {
    const now = performance.now()
    const isNews = now - this.#toldPauseAt >= TELL_EVERY_MS
    if (isNews) this.#toldPauseAt = now
    hooks.paused(this, errno, isNews)
  }

  #failed(hooks: ListenerHooks, errno: string): void {
    const now = performance.now()
    if (now - this.#toldFailureAt < TELL_EVERY_MS) return
    this.#toldFailureAt = now
    hooks.failed?.(this, errno)
  }
}
