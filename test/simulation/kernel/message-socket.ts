/**
 * SOCK_SEQPACKET sockets of unix(7), which carry open files from process to process (SCM_RIGHTS). A file is closed when the last
 * process that has it has closed it, and no message carries it any more.
 */
import type { Epoll, Watch, Watchable } from './epoll.js'
import { EAGAIN, EPIPE, EPOLLHUP, EPOLLIN, EPOLLOUT, EPOLLRDHUP } from './errnos.js'
import type { KernelPipe } from './kernel-pipe.js'
import type { TcpSocket } from './tcp-socket.js'
import { NAMELESS } from './unix-socket.js'

/** One of the two ends of a kernel pipe. */
export class PipeEnd {
  readonly pipe: KernelPipe
  readonly side: 'read' | 'write'
  readonly local = NAMELESS

  constructor(pipe: KernelPipe, side: 'read' | 'write') {
    this.pipe = pipe
    this.side = side
  }
}

export type Sent = TcpSocket | PipeEnd | MessageSocket

export interface Message {
  readonly bytes: Buffer
  readonly files: readonly Sent[]
}

/** The most messages that wait. The real queue is bounded by bytes. */
const MOST_WAITING = 10

export class MessageSocket implements Watchable {
  watch: Watch | undefined = undefined
  readonly local = NAMELESS
  /** How many fds and messages have it. */
  holders = 0
  readonly #epoll: Epoll
  readonly #queue: Message[] = []
  #peer: MessageSocket | undefined
  #letGo: (file: Sent) => void

  constructor(epoll: Epoll, letGo: (file: Sent) => void) {
    this.#epoll = epoll
    this.#letGo = letGo
  }

  static join(a: MessageSocket, b: MessageSocket): void {
    a.#peer = b
    b.#peer = a
  }

  poll(): number {
    const isOver = this.#peer === undefined
    const came = isOver || this.#queue.length > 0 ? EPOLLIN : 0
    return EPOLLOUT | came | (isOver ? EPOLLHUP | EPOLLRDHUP : 0)
  }

  /** Takes over the files if it returns 0. */
  send(message: Message): number {
    const peer = this.#peer
    if (peer === undefined) return -EPIPE
    if (peer.#queue.length >= MOST_WAITING) return -EAGAIN
    peer.#queue.push(message)
    peer.#epoll.wake(peer, EPOLLIN)
    return 0
  }

  /** 0: the other side has closed, and nothing is left. */
  receive(): Message | number {
    return this.#queue.shift() ?? (this.#peer === undefined ? 0 : -EAGAIN)
  }

  /** shutdown(2) of both ways. Those messages that have come can still be received. */
  shutdown(): void {
    const peer = this.#peer
    this.#peer = undefined
    if (peer === undefined) return
    peer.#peer = undefined
    peer.#epoll.wake(peer, 0)
  }

  close(): void {
    this.#epoll.delete(this)
    this.shutdown()
    for (const { files } of this.#queue.splice(0)) for (const file of files) this.#letGo(file)
  }
}

/** A listening socket at a path. */
export class MessageListener implements Watchable {
  watch: Watch | undefined = undefined
  readonly local = NAMELESS
  readonly #epoll: Epoll
  /** This side of connections that nobody has accepted yet. Messages may come there already. */
  readonly #waiting: MessageSocket[] = []
  readonly #closed: () => void

  constructor(epoll: Epoll, closed: () => void) {
    this.#epoll = epoll
    this.#closed = closed
  }

  poll(): number {
    return this.#waiting.length > 0 ? EPOLLIN : 0
  }

  connect(socket: MessageSocket, letGo: (file: Sent) => void): void {
    const own = new MessageSocket(this.#epoll, letGo)
    MessageSocket.join(socket, own)
    this.#waiting.push(own)
    this.#epoll.wake(this, EPOLLIN)
  }

  accept(): MessageSocket | undefined {
    return this.#waiting.shift()
  }

  close(): void {
    this.#epoll.delete(this)
    for (const socket of this.#waiting.splice(0)) socket.close()
    this.#closed()
  }
}
