/**
 * Why a listener accepts nobody for now, and who waits meanwhile: it goes on when no reason is left. Clients wait in the
 * kernel's queue where the engine can leave them there. Those it cannot leave there, and those given back to it, wait here,
 * untouched and in order; they are offered again before anybody else comes, and reset where the listener closes.
 */
import type { PeerAddress } from '../../address.js'
import type { AcceptHandler, PauseReason } from '../engine.js'
import type { Socket } from '../socket.js'

/** Out of fds, memory or watches of epoll: accept nothing for this long (ms). */
const SHORTAGE_MS = 100
/** Offered per turn, so that many who have waited do not delay those already served. */
const OFFER_BATCH = 32
const BITS: Readonly<Record<PauseReason, number>> = { shortage: 1, admission: 2 }

/** A listening socket from which nobody is accepted while its listener pauses. */
export interface Pausable {
  stopAccepting(): void
  /** errno name of what keeps it from accepting, or empty. */
  startAccepting(): string
}

interface Waiting {
  readonly client: Socket
  readonly from: PeerAddress
}

export class AcceptPauses {
  readonly handler: AcceptHandler
  readonly #mostWaiting: number
  /** Of one listener: all that it accepts from. None where the engine cannot stop. */
  readonly #sockets = new Set<Pausable>()
  #waiting: Waiting[] = []
  /** The bits of those that there are. */
  #reasons = 0
  #isAccepting = true
  #isClosed = false
  #shortage: NodeJS.Timeout | undefined
  #rest: NodeJS.Immediate | undefined

  /** `mostWaiting`: beyond so many, clients that come all the same are reset. */
  constructor(handler: AcceptHandler, mostWaiting: number) {
    this.handler = handler
    this.#mostWaiting = mostWaiting
  }

  get isAccepting(): boolean {
    return this.#isAccepting
  }

  /** It accepts as the others do. What keeps it from that, or empty. */
  add(socket: Pausable): string {
    this.#sockets.add(socket)
    return this.#isAccepting ? socket.startAccepting() : ''
  }

  /** It is closed. With the last one the listener is. */
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

  /** Something that passes by itself: accepting goes on in a moment. */
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

  /** It was handed out, and is to come again before the others. */
  putBack(client: Socket, from: PeerAddress): void {
    if (this.#isClosed) client.reset()
    else this.#waiting.unshift({ client, from })
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#shortage)
    clearImmediate(this.#rest)
    for (const { client } of this.#waiting) client.reset()
    this.#waiting = []
  }

  /**
   * Those who wait first, any of whom may be a reason to pause again. At once only one: where several listeners go on,
   * each has a turn before any has its second.
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
    for (const socket of this.#sockets) {
      const errno = socket.startAccepting()
      if (errno === '') continue
      this.pauseForShortage(errno)
      return
    }
  }
}
