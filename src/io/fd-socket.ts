/**
 * A connected socket that is a file descriptor of our own. Its readiness gathers from events; reading and
 * writing are the carriers' business, by fd, in the addon.
 */
import { Socket as NetSocket, type OnReadOpts } from 'node:net'
import { type Address, unpackPeer } from '../address.js'
import type { NotSplicing } from './engine.js'
import type { KernelLoop, Watched } from './kernel-loop.js'
import { ERROR, errnoName, OUT, SINK_FAILED, SINK_FULL } from './native.js'
import { BROKEN, PEER_ENDED, READABLE, type Runnable, type Socket, WRITABLE } from './socket.js'

/** An owner who leaves standing orders, and is told what they moved. */
export interface OrderGiver extends Runnable {
  /** Within a batch. `found` says what the addon found out, as after a copy that was asked for. */
  carried(source: FdSocket, came: number, went: number, found: number): void
}

export class FdSocket implements Socket, Watched {
  readonly loop: KernelLoop
  /** -1 once closed. */
  fd: number
  readonly generation: number
  ready = 0
  owner: Runnable | undefined = undefined
  error: string | undefined = undefined
  hasShutdown = false
  /** The adopted socket's first owner may hold a second fd of it, so closing ours would not end the events. */
  readonly #isAdopted: boolean

  /** Takes ownership of `fd`, whose events the addon reports under `generation`. */
  constructor(loop: KernelLoop, fd: number, generation: number, isAdopted = false) {
    this.loop = loop
    this.fd = fd
    this.generation = generation
    this.#isAdopted = isAdopted
    loop.attach(this)
  }

  /** Of an fd that is not watched yet; closed at once where it cannot be. */
  static adopted(loop: KernelLoop, fd: number): FdSocket {
    const generation = loop.nextGeneration()
    const error = loop.native.watch(fd, generation, false)
    const socket = new FdSocket(loop, fd, generation, true)
    if (error < 0) socket.close()
    return socket
  }

  get kind(): 'fd' {
    return 'fd'
  }

  get notSplicing(): NotSplicing | undefined {
    return this.loop.refusal
  }

  get isFlushed(): boolean {
    return true
  }

  get queuedBytes(): number {
    return 0
  }

  get isClosed(): boolean {
    return this.fd < 0
  }

  notify(readiness: number): void {
    this.ready |= readiness
    if ((readiness & BROKEN) !== 0) this.error ??= this.#takeError()
    if (this.owner !== undefined) this.loop.turns.add(this.owner)
  }

  /** Only an owner who left an order is told of one. */
  carried(readiness: number, came: number, went: number, found: number): void {
    if ((readiness & ~this.ready & WRITABLE) !== 0) this.notify(WRITABLE)
    ;(this.owner as OrderGiver | undefined)?.carried(this, came, went, found)
  }

  peek(most: number): Buffer {
    return this.#receive(most, true)
  }

  read(most: number): Buffer {
    return this.#receive(most, false)
  }

  awaitMore(): void {}

  send(bytes: Buffer): number {
    if (this.fd < 0) return 0
    const { native, outcome } = this.loop
    const found = native.send(this.fd, bytes)
    if ((found & SINK_FULL) !== 0) this.ready &= ~WRITABLE
    if ((found & SINK_FAILED) !== 0) this.#failed(errnoName(outcome[ERROR]!))
    return outcome[OUT]!
  }

  /** Not read by Node until somebody asks it to; into `onread` where that is given. */
  release(onread?: OnReadOpts): NetSocket | undefined {
    const { fd } = this
    if (!this.#forget()) return undefined
    this.loop.native.release(fd)
    this.fd = -1
    return new NetSocket({
      fd,
      allowHalfOpen: true,
      readable: true,
      writable: true,
      ...{ manualStart: true, ...(onread && { onread }) },
    })
  }

  shutdown(): void {
    if (this.hasShutdown || this.fd < 0) return
    this.hasShutdown = true
    this.loop.native.shutdown(this.fd)
  }

  close(): void {
    if (this.#forget()) this.loop.native.close(this.fd)
    this.fd = -1
  }

  reset(): void {
    if (this.#forget()) this.loop.native.reset(this.fd)
    this.fd = -1
  }

  unacknowledgedBytes(): number {
    return this.fd < 0 ? 0 : Math.max(0, this.loop.native.unacknowledged(this.fd))
  }

  localAddress(): Address | undefined {
    if (this.fd < 0 || this.loop.native.localAddress(this.fd) < 0) return undefined
    return unpackPeer(this.loop.shownPeer)
  }

  roundTripMicros(): number | undefined {
    const micros = this.fd < 0 ? -1 : this.loop.native.roundTripMicros(this.fd)
    return micros < 0 ? undefined : micros
  }

  #receive(most: number, isPeek: boolean): Buffer {
    const { native, scratch } = this.loop
    const bytes = this.fd < 0 ? 0 : native.receive(this.fd, most, isPeek)
    return scratch.subarray(0, Math.max(0, bytes))
  }

  #failed(errno: string): void {
    this.error ??= errno
    this.ready |= BROKEN | PEER_ENDED | READABLE
  }

  /** Asking clears it in the kernel, after which reads give what is queued and then a plain 0. */
  #takeError(): string {
    const error = this.loop.native.takeError(this.fd)
    return error === 0 ? 'ECONNRESET' : errnoName(error)
  }

  #forget(): boolean {
    if (this.fd < 0) return false
    if (this.#isAdopted) this.loop.native.unwatch(this.fd)
    this.loop.forget(this)
    this.loop.lowWater.forget(this)
    this.owner = undefined
    return true
  }
}
