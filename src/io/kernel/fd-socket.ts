/**
 * A connected socket that is a file descriptor of our own. Events set its readiness bits. The carriers read
 * and write its fd in the addon. Every connection keeps two of these objects, and each field costs sixteen
 * bytes of each. So private helpers are functions here: V8 gives a private method a field, too.
 */
import type { Socket as NetSocket, OnReadOpts } from 'node:net'
import { type Address, unpackPeer } from '../../address.js'
import { type Liveness, livenessArguments } from '../liveness.js'
import type { NotSplicing } from '../not-splicing.js'
import {
  BROKEN,
  MUTED,
  type Offloading,
  PEER_ENDED,
  READABLE,
  type Runnable,
  type Socket,
  WRITABLE,
} from '../socket.js'
import { NO_PACING, ReleasedSocket } from '../streams/released-socket.js'
import type { TcpInfo } from '../tcp-info.js'
import type { KernelLoop, Watched } from './kernel-loop.js'
import { errnoName } from './native.js'
import { ERROR, OUT, SINK_FAILED, SINK_FULL } from './native-constants.js'
import { readTcpInfo } from './read-tcp-info.js'

export class FdSocket implements Socket, Watched {
  readonly loop: KernelLoop
  /** -1 once closed. */
  fd: number
  readonly generation: number
  ready = 0
  owner: Runnable | undefined = undefined
  error: string | undefined = undefined

  /** Takes ownership of `fd`, whose events the addon reports under `generation`. */
  constructor(loop: KernelLoop, fd: number, generation: number) {
    this.loop = loop
    this.fd = fd
    this.generation = generation
    loop.attach(this)
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
    if ((readiness & BROKEN) !== 0) this.error ??= takeError(this)
    if (this.owner !== undefined) this.loop.runQueue.add(this.owner)
  }

  /** Only an owner that has offloaded its copying gets this call. */
  carried(readiness: number, came: number, went: number, found: number): void {
    if ((readiness & ~this.ready & WRITABLE) !== 0) this.notify(WRITABLE)
    ;(this.owner as Offloading | undefined)?.carried(this, came, went, found)
  }

  /** Stops events for arriving bytes until `unmute`. For a source whose sink takes none. */
  mute(): void {
    if ((this.ready & MUTED) !== 0 || this.fd < 0) return
    this.ready |= MUTED
    this.loop.native.mute(this.fd, this.generation, true)
  }

  /** Bytes that arrived meanwhile cause an event in the next batch. */
  unmute(): void {
    if ((this.ready & MUTED) === 0 || this.fd < 0) return
    this.ready &= ~MUTED
    this.loop.native.mute(this.fd, this.generation, false)
  }

  /** No events come from here on, and nobody may read or write. The fd stays open. */
  suspend(): void {
    this.loop.forget(this)
    if (this.fd >= 0) this.loop.native.unwatch(this.fd)
  }

  /** Events come again. The first ones tell everything that is there. */
  resume(): void {
    if (this.fd < 0) return
    this.ready &= ~MUTED
    const error = this.loop.watch(this, false)
    if (error < 0) failed(this, errnoName(error))
  }

  peek(most: number): Buffer {
    return receive(this, most, true)
  }

  read(most: number): Buffer {
    return receive(this, most, false)
  }

  awaitMore(): void {}

  send(bytes: Buffer): number {
    if (this.fd < 0) return 0
    const { native, outcome } = this.loop
    const found = native.send(this.fd, bytes)
    if ((found & SINK_FULL) !== 0) this.ready &= ~WRITABLE
    if ((found & SINK_FAILED) !== 0) failed(this, errnoName(outcome[ERROR]!))
    return outcome[OUT]!
  }

  /** Node reads nothing until somebody asks it to. With `onread`, it reads into that. */
  release(onread?: OnReadOpts): NetSocket | undefined {
    const { fd } = this
    if (!letGo(this)) return undefined
    this.loop.native.release(fd)
    return new ReleasedSocket(this.loop, fd, {
      allowHalfOpen: true,
      readable: true,
      writable: true,
      ...{ manualStart: true, ...(onread && { onread }) },
    })
  }

  /** Sends FIN once: a second shutdown(2) sends nothing. */
  shutdown(): void {
    if (this.fd >= 0) this.loop.native.shutdown(this.fd)
  }

  close(): void {
    const { fd } = this
    if (letGo(this)) this.loop.native.close(fd)
  }

  reset(): void {
    const { fd } = this
    if (letGo(this)) this.loop.native.reset(fd)
  }

  setLiveness(liveness: Liveness): void {
    if (this.fd >= 0) this.loop.native.setLiveness(this.fd, ...livenessArguments(liveness))
  }

  setPacing(bytesPerSecond: number): boolean {
    return this.fd >= 0 && this.loop.native.setPacing(this.fd, bytesPerSecond || NO_PACING) === 0
  }

  unacknowledgedBytes(): number {
    return this.fd < 0 ? 0 : Math.max(0, this.loop.native.unacknowledged(this.fd))
  }

  localAddress(): Address | undefined {
    if (this.fd < 0 || this.loop.native.localAddress(this.fd) < 0) return undefined
    return unpackPeer(this.loop.shownPeer)
  }

  tcpInfo(): TcpInfo | undefined {
    return this.fd < 0 ? undefined : readTcpInfo(this.loop, this.fd)
  }
}

/** Somebody else opened it, and may hold a second fd of it. So closing ours would not end its events. */
export class AdoptedSocket extends FdSocket {
  /** Takes an fd that is not watched yet. If it cannot be watched, resets it: a FIN would hide the error. */
  static of(loop: KernelLoop, fd: number): FdSocket {
    const generation = loop.nextGeneration()
    const error = loop.native.watch(fd, generation, false)
    const socket = new AdoptedSocket(loop, fd, generation)
    if (error < 0) socket.reset()
    return socket
  }

  override close(): void {
    this.#unwatch()
    super.close()
  }

  override reset(): void {
    this.#unwatch()
    super.reset()
  }

  #unwatch(): void {
    if (this.fd >= 0) this.loop.native.unwatch(this.fd)
  }
}

function receive({ fd, loop }: FdSocket, most: number, isPeek: boolean): Buffer {
  const bytes = fd < 0 ? 0 : loop.native.receive(fd, most, isPeek)
  return loop.scratch.subarray(0, Math.max(0, bytes))
}

function failed(socket: FdSocket, errno: string): void {
  socket.error ??= errno
  socket.ready |= BROKEN | PEER_ENDED | READABLE
}

/** Asking clears the error in the kernel. Later reads give what is queued, and then a plain 0. */
function takeError({ fd, loop }: FdSocket): string {
  const error = loop.native.takeError(fd)
  return error === 0 ? 'ECONNRESET' : errnoName(error)
}

/** Gives up the fd, which the caller must close or release. False if it was given up before. */
function letGo(socket: FdSocket): boolean {
  if (socket.fd < 0) return false
  socket.loop.forget(socket)
  socket.owner = undefined
  socket.fd = -1
  return true
}
