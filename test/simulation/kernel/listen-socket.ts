/** A listening socket: clients wait in its queue until they are accepted. */
import type { Epoll, Watch, Watchable } from './epoll.js'
import { EPOLLIN } from './errnos.js'
import type { TcpPeer, TcpSocket } from './tcp-socket.js'

export class ListenSocket implements Watchable {
  readonly local: TcpPeer
  watch: Watch | undefined = undefined
  readonly #epoll: Epoll
  readonly #backlog: number
  readonly #queue: TcpSocket[] = []

  constructor(epoll: Epoll, local: TcpPeer, backlog: number) {
    this.#epoll = epoll
    this.local = local
    this.#backlog = backlog
  }

  poll(): number {
    return this.#queue.length > 0 ? EPOLLIN : 0
  }

  /** False where its queue is full. */
  queue(socket: TcpSocket): boolean {
    if (this.#queue.length >= this.#backlog) return false
    this.#queue.push(socket)
    this.#epoll.wake(this, EPOLLIN)
    return true
  }

  get next(): TcpSocket | undefined {
    return this.#queue[0]
  }

  accept(): TcpSocket | undefined {
    return this.#queue.shift()
  }

  /** Whoever still waits is reset. */
  close(): void {
    this.#epoll.delete(this)
    for (const socket of this.#queue.splice(0)) socket.close(true, 0)
  }
}
