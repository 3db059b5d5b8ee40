/**
 * Clients that wait to be accepted. Several processes may have the listening socket it belongs to, each of which may
 * accept the next one; it is closed with the last of them, or when no message has it on its way any more.
 */
import type { TcpPeer, TcpSocket } from './tcp-socket.js'

export class AcceptQueue {
  readonly local: TcpPeer
  /** SO_REUSEPORT. */
  readonly isShared: boolean
  readonly #backlog: number
  readonly #waiting: TcpSocket[] = []
  /** Called when a client has come, of each who has it. */
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

  /** Whoever still waits when nobody has it any more is reset. */
  letGo(came?: () => void): void {
    this.#holders -= 1
    if (came !== undefined) this.#readers.delete(came)
    if (this.#holders > 0) return
    this.#closed(this)
    for (const socket of this.#waiting.splice(0)) socket.close(true, 0)
  }

  /** False where it is full. */
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
