/**
 * The near end of a TCP connection, as Linux answers for it. Every call returns >= 0 or -errno. The first call after a
 * reset gets ECONNRESET. After it reads return 0 and writes EPIPE.
 */
import type { Epoll, Watch, Watchable } from './epoll.js'
import * as e from './errnos.js'
import type { Ends, OneWay } from './one-way.js'

export interface TcpPeer {
  readonly host: string
  readonly port: number
}

/** sock_def_readable announces ordinary bytes with both bits. */
const CAME = e.EPOLLIN | e.EPOLLPRI
const ANYTHING = 0

export class TcpSocket implements Watchable, Ends {
  readonly inbound: OneWay
  readonly outbound: OneWay
  readonly local: TcpPeer
  readonly remote: TcpPeer
  watch: Watch | undefined = undefined
  /** The epoll of the process that owns the socket. Before the accept it belongs to nobody. */
  epoll: Epoll
  /** How many fds and messages have it. */
  holders = 0
  /** SO_LINGER 0: whoever closes it last resets the connection. */
  isResetAtClose = false
  /** The value of SO_RCVLOWAT. */
  #lowWaterBytes = 1
  #state: 'connecting' | 'connected' | 'gone' = 'connecting'
  #isShut = false
  #error = 0

  constructor(epoll: Epoll, inbound: OneWay, outbound: OneWay, local: TcpPeer, remote: TcpPeer) {
    this.epoll = epoll
    this.inbound = inbound
    this.outbound = outbound
    this.local = local
    this.remote = remote
    inbound.receiver = this
    outbound.sender = this
  }

  /** tcp_poll: the present state in epoll's bits. */
  poll(): number {
    if (this.#state === 'connecting') return 0
    const isGone = this.#state === 'gone'
    const isInOver = isGone || this.inbound.isEndArrived
    const isOutOver = isGone || this.#isShut
    let mask = this.#error !== 0 ? e.EPOLLERR : 0
    if (isInOver && isOutOver) mask |= e.EPOLLHUP
    if (isInOver) mask |= e.EPOLLIN | e.EPOLLRDHUP
    if (this.inbound.readable >= this.#lowWaterBytes) mask |= e.EPOLLIN
    if (this.inbound.isUrgent) mask |= e.EPOLLPRI
    if (isOutOver || this.outbound.isWritable) mask |= e.EPOLLOUT
    else this.outbound.wantsRoom = true
    return mask
  }

  connected(): void {
    this.#state = 'connected'
    this.epoll.wake(this, ANYTHING)
  }

  setLowWater(bytes: number): void {
    this.#lowWaterBytes = bytes
  }

  protected get isGone(): boolean {
    return this.#state === 'gone'
  }

  /** The connect has failed, or the connection is broken. */
  failed(errno: number): void {
    this.#state = 'gone'
    this.#error = errno
    this.epoll.wake(this, ANYTHING)
  }

  came(): void {
    if (this.inbound.readable >= this.#lowWaterBytes || this.inbound.isUrgent) this.epoll.wake(this, CAME)
  }

  ended(): void {
    this.epoll.wake(this, ANYTHING)
  }

  hasRoom(): void {
    this.epoll.wake(this, e.EPOLLOUT)
  }

  wasReset(): void {
    if (this.#state === 'gone' || this.#isOver) return
    this.failed(this.inbound.isEndArrived ? e.EPIPE : e.ECONNRESET)
    this.outbound.forget()
  }

  /** recv(2) into `into`. */
  receive(into: Buffer, isPeek: boolean): number {
    const bytes = isPeek ? this.inbound.look(into.length) : this.inbound.receive(into.length)
    bytes.copy(into)
    return bytes.length > 0 ? bytes.length : this.#whyNothing()
  }

  /** splice(2): returns the bytes for a kernel pipe, or -errno. */
  spliceOff(most: number): Buffer | number {
    const bytes = this.inbound.spliceOff(most)
    return bytes.length > 0 ? bytes : this.#whyNothing()
  }

  send(bytes: Buffer): number {
    if (this.#state === 'connecting') return -e.EAGAIN
    if (this.#error !== 0) return -this.takeError()
    if (this.#isShut || this.#state === 'gone') return -e.EPIPE
    const sent = this.outbound.send(bytes)
    return sent === 0 && bytes.length > 0 ? -e.EAGAIN : sent
  }

  /** Reads SO_ERROR, and with it clears the error. */
  takeError(): number {
    const error = this.#error
    this.#error = 0
    return error
  }

  /** SO_MAX_PACING_RATE of the addon. Negative: none. */
  setPacing(bytesPerSecond: number): number {
    this.outbound.setPacing(bytesPerSecond)
    return 0
  }

  shutdown(): number {
    if (this.#state !== 'connected' || this.#isOver) return -e.ENOTCONN
    this.#isShut = true
    this.outbound.end()
    this.epoll.wake(this, ANYTHING)
    return 0
  }

  /** close(2). With `isReset` or unread bytes it is a reset. `kept` of the bytes that were sent still arrive. */
  close(isReset: boolean, kept: number): void {
    this.epoll.delete(this)
    if (this.#state === 'gone') {
      this.inbound.forget()
      return
    }
    const isOver = this.#isOver
    this.inbound.receiver = this.#orphan()
    if (isReset || this.inbound.readable > 0) {
      if (!isOver) this.outbound.reset(kept)
      this.inbound.forget()
    } else this.outbound.end()
  }

  /** A peer that sends to a closed connection is reset, and loses the bytes that were on their way to it. */
  #orphan(): OneWay['receiver'] {
    const reset = (): void => {
      this.outbound.reset(0)
      this.inbound.forget()
    }
    return { came: reset, ended: () => {}, wasReset: () => this.outbound.forget() }
  }

  /** Whether both sides have ended and know it of each other. */
  get #isOver(): boolean {
    return this.inbound.isEndArrived && this.outbound.isEndArrived
  }

  #whyNothing(): number {
    if (this.inbound.isEndArrived) return 0
    if (this.#error !== 0) return -this.takeError()
    return this.#state === 'gone' ? 0 : -e.EAGAIN
  }
}
