/** A listening socket as one process holds it. Clients wait in its queue until they are accepted. */
import type { AcceptQueue } from './accept-queue.js'
import type { Epoll, Watch, Watchable } from './epoll.js'
import { EPOLLIN } from './errnos.js'
import type { TcpPeer } from './tcp-socket.js'

export class ListenSocket implements Watchable {
  readonly queue: AcceptQueue
  watch: Watch | undefined = undefined
  readonly #epoll: Epoll
  readonly #came = (): void => this.#epoll.wake(this, EPOLLIN)

  constructor(epoll: Epoll, queue: AcceptQueue) {
    this.#epoll = epoll
    this.queue = queue
    queue.hold(this.#came)
  }

  get local(): TcpPeer {
    return this.queue.local
  }

  poll(): number {
    return this.queue.isEmpty ? 0 : EPOLLIN
  }

  close(): void {
    this.#epoll.delete(this)
    this.queue.letGo(this.#came)
  }
}
