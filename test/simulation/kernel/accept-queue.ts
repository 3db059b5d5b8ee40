/**
 * Clients that wait to be accepted at one listening socket. Several processes may hold that socket, and each may accept
 * the next client. The queue closes when no process holds the socket and no message carries it any more.
 */
import type { TcpPeer, TcpSocket } from './tcp-socket.js'

export class AcceptQueue {
  readonly local: TcpPeer
  /** Whether SO_REUSEPORT is set. */
  readonly isShared: boolean
  readonly #backlog: number
  readonly #waiting: TcpSocket[] = []
  /** One callback for each holder. All are called when a client has come. */
  readonly #readers = new Set<() => void>()
  readonly #closed: (queue: AcceptQueue) => void
  #holders = 0

  constructor(local: TcpPeer, isShared: boolean, backlog: number, closed: (queue: AcceptQueue) => void) {
    this.local = local
    this.isShared = isShared
    this.#backlog = backlog
    this.#closed = closed
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  get next(): TcpSocket | undefined {
    return this.#waiting[0]
  }

  hold(came?: () => void): void {
    this.#holders += 1
    if (came !== undefined) this.#readers.add(came)
  }

  /** One holder lets go. If it was the last, all waiting clients are reset. */
  letGo(came?: () => void): void {
    this.#holders -= 1
    if (came !== undefined) this.#readers.delete(came)
    if (this.#holders > 0) return
    this.#closed(this)
    for (const socket of this.#waiting.splice(0)) socket.close(true, 0)
  }

  /** Returns false if the queue is full. */
  add(socket: TcpSocket): boolean {
    if (this.#waiting.length >= this.#backlog) return false
    this.#waiting.push(socket)
    for (const came of this.#readers) came()
    return true
  }

  accept(): TcpSocket | undefined {
    return this.#waiting.shift()
  }
}
