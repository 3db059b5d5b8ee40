/**
 * A listener: an address that we accept on, and its name. It opens and closes. It does not decide what
 * happens to clients, and it counts nothing.
 */
import { type Address, formatAddress, type PeerAddress } from '../address.js'
import type { ListenPlace } from '../config/checks/listener-addresses.js'
import { USUAL_BACKLOG } from '../defaults.js'
import { MillraceError } from '../errors.js'
import type { Engine, ListenChanges, Listening, ListenOptions, PauseReason } from '../io/engine.js'
import type { SocketFile } from '../io/listening/socket-file.js'
import type { Liveness } from '../io/liveness.js'
import type { Socket } from '../io/socket.js'
import type { SocketOptions } from '../io/socket-options.js'

/** How often the hooks hear that accepting is paused, or fails again and again (ms). */
const TELL_EVERY_MS = 10_000
/**
 * ms. A listener that pauses tries again after a tenth of this. If clients wait and there is still nothing for them, it pauses again.
 */
const PAUSE_LASTS_MS = 1000

/** The address is the one in the config. */
export interface ListenerOptions extends ListenPlace {
  readonly name: string
  /** Liveness of its clients' connections. Default NO_LIVENESS. */
  readonly liveness?: Liveness | undefined
  /** Default: what the system has, and the usual backlog. */
  readonly socket?: ListenerSocket | undefined
  /** For a unix socket: who may connect. Default: what the umask leaves. */
  readonly socketFile?: SocketFile | undefined
}

/** Options of a socket that listens. */
interface ListenerSocket {
  /** Connections the kernel may queue before we accept them. Undefined: the usual number. */
  readonly backlog: number | undefined
  /** Undefined: as the system has them. */
  readonly options: SocketOptions | undefined
}

export interface ListenerHooks {
  accepted(listener: Listener, client: Socket, from: PeerAddress): void
  /** Accepting paused, mostly for lack of fds or memory. `isNews`: true once per TELL_EVERY_MS. */
  paused(listener: Listener, errno: string, isNews: boolean): void
  /** A client could not be accepted, but others can. While it lasts, this is called every TELL_EVERY_MS. */
  failed?(listener: Listener, errno: string): void
}

export interface ListenerStatus {
  readonly name: string
  /** If port 0 was asked for, it has the port in use. */
  readonly address: string
  readonly isListening: boolean
}

/** What an engine is told of a listener, besides its place. */
export function listenOptions({
  liveness,
  socket,
  socketFile,
}: ListenerOptions): ListenChanges & Pick<ListenOptions, 'backlog'> {
  return { backlog: socket?.backlog ?? USUAL_BACKLOG, socket: socket?.options, liveness, socketFile }
}

/** The error that says why this listener could not be opened. */
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
  #pausedAt = Number.NEGATIVE_INFINITY
  #pausedBy = ''
  #toldFailureAt = Number.NEGATIVE_INFINITY

  constructor(options: ListenerOptions) {
    this.#options = options
    this.#place = options
  }

  get options(): ListenerOptions {
    return this.#options
  }

  /**
   * Sets its name and options from now on. Its place stays the one it was opened with. Throws if its socket
   * file cannot be changed.
   */
  update(options: ListenerOptions): void {
    this.#options = options
    const { backlog } = options.socket ?? {}
    this.#listening?.update({ ...listenOptions(options), backlog })
  }

  get isListening(): boolean {
    return this.#listening !== undefined
  }

  /** The errno name of what prevents accepting at the moment, although clients wait. Undefined: nothing does. */
  get shortage(): string | undefined {
    return performance.now() - this.#pausedAt < PAUSE_LASTS_MS ? this.#pausedBy : undefined
  }

  /** True if it must stay closed until somebody asks for it anew. */
  get isDrained(): boolean {
    return this.#isDrained
  }

  /** Its address. If port 0 was asked for, it has the port in use once the listener is open. */
  get address(): Address {
    return this.#place.address
  }

  /** Its address, and whether it leaves IPv4 clients to another listener. */
  get place(): ListenPlace {
    return this.#place
  }

  /** Its listening sockets, for a process that inherits them. */
  get fds(): readonly number[] {
    return this.#listening?.fds ?? []
  }

  /** `pausedFor`: it accepts nobody before `resume`. Rejects with a `listen-failed` error that names the listener. */
  async open(
    engine: Engine,
    sharePort: boolean,
    hooks: ListenerHooks,
    pausedFor?: PauseReason,
  ): Promise<void> {
    const { address, ipv6Only } = this.#options
    const handler = {
      accepted: (client: Socket, from: PeerAddress) => hooks.accepted(this, client, from),
      paused: (errno: string) => this.#paused(hooks, errno),
      failed: (errno: string) => this.#failed(hooks, errno),
    }
    try {
      this.#listening = await engine.listen(
        address,
        { ...listenOptions(this.#options), sharePort, ipv6Only, pausedFor },
        handler,
      )
    } catch (error) {
      throw listenerError(this.#options.name, error)
    }
    this.#place = { address: this.#listening.address, ipv6Only }
    this.#isDrained = false
  }

  /** Accepts nobody while this reason holds. Clients that come meanwhile wait, unread. */
  pause(reason: PauseReason): void {
    this.#listening?.pause(reason)
  }

  /** Removes this reason. If it was the last one, the listener goes on. A closed listener stays closed. */
  resume(reason: PauseReason): void {
    this.#listening?.resume(reason)
  }

  /**
   * Takes back a client that it has just handed out. Call `pause` before. The client comes again, before all
   * others, when the listener goes on.
   */
  putBack(client: Socket, from: PeerAddress): void {
    if (this.#listening === undefined) client.reset()
    else this.#listening.putBack(client, from)
  }

  /** Closes, and stays closed until it is opened again. */
  drain(): void {
    this.#isDrained = true
    this.close()
  }

  /** Accepts nobody any more. Connections go on. */
  close(): void {
    this.#listening?.close()
    this.#listening = undefined
  }

  /** Another process accepts on its sockets from now on. Resolves when no client waits here any more. Call `close` then. */
  async leave(): Promise<void> {
    await this.#listening?.leave()
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
    this.#pausedAt = now
    this.#pausedBy = errno
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
