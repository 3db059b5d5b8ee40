/**
 * Why a listener accepts nobody for now, and the clients that wait meanwhile. The listener goes on when no
 * reason is left. Clients wait in the kernel's queue if the engine can leave them there. Other clients, and
 * those that were put back, wait here, unread and in order. They are offered again before any new client.
 * They are reset if the listener closes.
 */
import type { PeerAddress } from '../../address.js'
import type { AcceptHandler, PauseReason } from '../engine.js'
import type { Socket } from '../socket.js'

/** After a shortage of fds, memory or epoll watches: accept nobody for this long (ms). */
const SHORTAGE_MS = 100
/** Waiting clients offered per turn, so that many of them do not delay those already served. */
const OFFER_BATCH = 32
const BITS: Readonly<Record<PauseReason, number>> = { shortage: 1, admission: 2, upgrade: 4 }

/** A listening socket that accepts nobody while its listener pauses. */
export interface Pausable {
  stopAccepting(): void
  /** Returns the errno name of what prevents accepting. Empty: nothing does. */
  startAccepting(): string
}

interface Waiting {
  readonly client: Socket
  readonly from: PeerAddress
}

export class AcceptPauses {
  readonly handler: AcceptHandler
  readonly #mostWaiting: number
  /** All sockets that this listener accepts from. Empty if the engine cannot stop accepting. */
  readonly #sockets = new Set<Pausable>()
  #waiting: Waiting[] = []
  /** The bits of the present reasons. */
  #reasons = 0
  #isAccepting = true
  #isClosed = false
  #shortage: NodeJS.Timeout | undefined
  #rest: NodeJS.Immediate | undefined
  /** Called once nobody waits. */
  #emptied = (): void => {}

  /** `mostWaiting`: how many clients may wait here. Any more that come are reset. `reason`: it begins with this one. */
  constructor(handler: AcceptHandler, mostWaiting: number, reason?: PauseReason) {
    this.handler = handler
    this.#mostWaiting = mostWaiting
    if (reason !== undefined) this.pause(reason)
  }

  get isAccepting(): boolean {
    return this.#isAccepting
  }

  /** Adds a socket, which accepts as the others do. Returns what prevents that, or an empty string. */
  add(socket: Pausable): string {
    this.#sockets.add(socket)
    return this.#isAccepting ? socket.startAccepting() : ''
  }

  /** The socket is closed. The listener closes with its last socket. */
  delete(socket: Pausable): void {
    this.#sockets.delete(socket)
    if (this.#sockets.size === 0) this.close()
  }

  pause(reason: PauseReason): void {
    this.#reasons |= BITS[reason]
    if (!this.#isAccepting) return
    this.#isAccepting = false
    for (const socket of this.#sockets) socket.stopAccepting()
  }

  resume(reason: PauseReason): void {
    this.#reasons &= ~BITS[reason]
    if (!this.#isAccepting) this.#goOn(1)
  }

  /** Pauses for a shortage, which passes by itself. Accepting goes on after SHORTAGE_MS. */
  pauseForShortage(errno: string): void {
    this.pause('shortage')
    this.#shortage = setTimeout(() => this.resume('shortage'), SHORTAGE_MS)
    this.handler.paused(errno)
  }

  /** A client was accepted. */
  accepted(client: Socket, from: PeerAddress): void {
    if (this.#isAccepting) this.handler.accepted(client, from)
    else if (this.#waiting.length < this.#mostWaiting) this.#waiting.push({ client, from })
    else client.reset()
  }

  /** The client was handed out. It must come again, before the others. */
  putBack(client: Socket, from: PeerAddress): void {
    if (this.#isClosed) client.reset()
    else this.#waiting.unshift({ client, from })
  }

  /** Its sockets belong to another process from now on. Resolves when no client waits here: all have gone on, or it is closed. */
  leave(): Promise<void> {
    this.#sockets.clear()
    return new Promise((resolve) => {
      const earlier = this.#emptied
      this.#emptied = () => {
        earlier()
        resolve()
      }
      this.resume('upgrade')
      if (this.#isAccepting || this.#isClosed) this.#emptied()
    })
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#shortage)
    clearImmediate(this.#rest)
    for (const { client } of this.#waiting) client.reset()
    this.#waiting = []
    this.#emptied()
  }

  /**
   * Waiting clients come first. Each of them may be a reason to pause again. `resume` offers only one at
   * once: if several listeners go on, each has a turn before any has its second.
   */
  #goOn(most: number): void {
    for (let i = 0; i < most && this.#reasons === 0 && this.#waiting.length > 0; i++) {
      const { client, from } = this.#waiting.shift()!
      this.handler.accepted(client, from)
    }
    if (this.#reasons !== 0 || this.#isClosed) return
    if (this.#waiting.length === 0) this.#accept()
    else this.#goOnLater()
  }

  #goOnLater(): void {
    this.#rest ??= setImmediate(() => {
      this.#rest = undefined
      this.#goOn(OFFER_BATCH)
    })
  }

  #accept(): void {
    this.#isAccepting = true
    this.#emptied()
    for (const socket of this.#sockets) {
      const errno = socket.startAccepting()
      if (errno === '') continue
      this.pauseForShortage(errno)
      return
    }
  }
}
