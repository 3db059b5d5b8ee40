/**
 * A connected socket that is a Node stream: TLS, a user's Duplex, and every socket where there is no kernel path. It turns stream
 * events into readiness bits. It holds at most what arrived before a pause took effect. No error of the stream ever escapes it.
 */
import type { Socket as NetSocket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Address } from '../../address.js'
import { keepNodeAlive, type Liveness } from '../liveness.js'
import type { NotSplicing } from '../not-splicing.js'
import type { RunQueue } from '../run-queue.js'
import { BROKEN, PEER_ENDED, READABLE, type Runnable, type Socket, WRITABLE } from '../socket.js'
import type { TcpInfo } from '../tcp-info.js'
import { MOST_READ_BYTES, type ReadMemory } from './read-memory.js'
import { ReleasedSocket } from './released-socket.js'
import {
  answersWrites,
  closeInOrder,
  endWriting,
  hasGivenAll,
  isFlushed,
  isPlain,
  localAddressOf,
  resetOrClose,
  whenReallyEnded,
} from './stream-ends.js'
import { bufferedBytes, bytesOf, codeOf, destroyFor } from './stream-faults.js'

/** An owner that looks and takes nothing sees no more than this, except for the last read. */
const MOST_UNTAKEN_BYTES = 16 * 1024

export class StreamSocket implements Socket {
  readonly stream: Duplex
  readonly runQueue: RunQueue
  readonly notSplicing: NotSplicing
  /** Whether `take` lends its bytes. A later read overwrites them, so it must wait until they have gone. */
  readonly isLending: boolean
  /** The connection itself if `stream` is TLS on it. */
  below: Duplex
  ready = WRITABLE
  owner: Runnable | undefined = undefined
  error: string | undefined = undefined
  isClosed = false
  /** Bytes that arrived and nobody has taken. */
  #untaken: Buffer | undefined = undefined
  #isReading = false
  /** The owner has seen what is there and asks for more. */
  #isAwaited = false
  #hasEnded = false
  #hasWritten = false
  #hasShutdown = false
  #tcpInfo: TcpInfo | undefined = undefined

  /** Takes ownership of `stream`. With `memory`, the stream reads into that. */
  constructor(stream: Duplex, runQueue: RunQueue, notSplicing: NotSplicing, memory?: ReadMemory) {
    this.stream = stream
    this.below = stream
    this.runQueue = runQueue
    this.notSplicing = notSplicing
    this.isLending = memory !== undefined
    this.#ask(() => this.#takeOver(memory))
    if (stream.readableEnded) this.#ended()
    if (stream.destroyed) this.#broke(stream.errored === null ? 'ECONNABORTED' : codeOf(stream.errored))
  }

  #takeOver(memory: ReadMemory | undefined): void {
    const { stream } = this
    stream.allowHalfOpen = true
    stream.on('error', (error: unknown) => this.#broke(codeOf(error)))
    stream.on('close', () => this.#closed())
    // Pause first: a listener for 'data' would start the flow before anybody can take the bytes.
    stream.pause()
    // Reads only if there is something, because `read` also makes Node read ahead.
    if (stream.readableLength > 0) this.#takeBufferedBytes()
    if (this.hasBytes) this.ready |= READABLE
    if (memory === undefined) stream.on('data', (chunk: unknown) => this.#came(chunk))
    else memory.onBytes = (bytes) => this.#borrowed(bytes)
    stream.on('end', () => this.#ask(() => whenReallyEnded(stream, () => this.#ended())))
    stream.on('drain', () => this.#flushed())
    stream.on('finish', () => this.#notify(WRITABLE))
  }

  get kind(): 'stream' {
    return 'stream'
  }

  get isFlushed(): boolean {
    return isFlushed(this.stream)
  }

  get queuedBytes(): number {
    return this.stream.writableLength
  }

  get hasBytes(): boolean {
    return this.#untaken !== undefined
  }

  /** Whether no more bytes will come: the peer sent FIN, or the connection broke. */
  get hasEnded(): boolean {
    return this.#hasEnded
  }

  peek(most: number): Buffer {
    return this.#untaken?.subarray(0, most) ?? EMPTY
  }

  read(most: number): Buffer {
    const bytes = this.#untaken
    if (bytes === undefined || bytes.length <= most) {
      this.#untaken = undefined
      return bytes ?? EMPTY
    }
    this.#untaken = bytes.subarray(most)
    return bytes.subarray(0, most)
  }

  awaitMore(): void {
    if (this.#untaken !== undefined && this.#untaken.length >= MOST_UNTAKEN_BYTES) return
    this.#isAwaited = true
    // The next read would overwrite lent bytes.
    if (this.isLending && this.#untaken !== undefined) this.#untaken = Buffer.from(this.#untaken)
    this.setReading(true)
  }

  /** The stream keeps what does not go at once. So it takes nothing while it still keeps some. */
  send(bytes: Buffer): number {
    if (this.isClosed || (this.ready & WRITABLE) === 0) return 0
    if (!this.write(Buffer.from(bytes), false)) this.ready &= ~WRITABLE
    return bytes.length
  }

  release(): NetSocket | undefined {
    const { stream } = this
    if (this.isClosed || !isPlain(stream)) return undefined
    this.setReading(false)
    this.owner = undefined
    this.isClosed = true
    if (this.#untaken !== undefined) stream.unshift(Buffer.from(this.#untaken))
    this.#untaken = undefined
    stream.removeAllListeners('data')
    return stream
  }

  setReading(isWanted: boolean): void {
    if (isWanted === this.#isReading || this.isClosed || this.#hasEnded) return
    this.#isReading = isWanted
    this.#ask(() => (isWanted ? this.stream.resume() : this.stream.pause()))
  }

  /**
   * Hands bytes over. False if the sink wants no more until it is WRITABLE again. The stream decides when that is. If the bytes are
   * lent, it is when they have all gone.
   */
  write(bytes: Buffer, isLent: boolean): boolean {
    this.#hasWritten = true
    const { stream } = this
    try {
      const hasRoom = stream.write(bytes)
      if (stream.writableLength === 0) return true
      if (!hasRoom || !isLent) return hasRoom
      // No 'drain' will come for so few bytes. A later write ends after they have gone.
      stream.write('', () => this.#flushed())
    } catch (error) {
      this.#threw(error)
    }
    return false
  }

  shutdown(): void {
    if (this.#hasShutdown || this.isClosed) return
    this.#hasShutdown = true
    this.#ask(() => endWriting(this.stream))
  }

  close(): void {
    this.owner = undefined
    if (this.isClosed) return
    this.isClosed = true
    this.#untaken = undefined
    closeInOrder(this.stream)
  }

  reset(): void {
    this.owner = undefined
    this.isClosed = true
    this.#untaken = undefined
    resetOrClose(this.stream)
  }

  setLiveness(liveness: Liveness): void {
    if (this.below instanceof ReleasedSocket) this.below.setLiveness(liveness)
    else if (isPlain(this.below)) keepNodeAlive(this.below, liveness)
  }

  setPacing(bytesPerSecond: number): boolean {
    return this.below instanceof ReleasedSocket && this.below.setPacing(bytesPerSecond)
  }

  unacknowledgedBytes(): number | undefined {
    if (this.stream.destroyed || !this.#hasWritten) return 0
    if (!(this.below instanceof ReleasedSocket)) return undefined
    const bytes = this.below.unacknowledgedBytes()
    return bytes === undefined ? undefined : bytes + this.stream.writableLength
  }

  localAddress(): Address | undefined {
    return localAddressOf(this.stream)
  }

  /** If Node has closed the connection by itself: the value at the time when its peer ended. */
  tcpInfo(): TcpInfo | undefined {
    if (this.below instanceof ReleasedSocket && !this.stream.destroyed) this.#tcpInfo = this.below.tcpInfo()
    return this.#tcpInfo
  }

  /** Some versions of Node also emit 'drain' for a write that never waited. */
  #flushed(): void {
    if ((this.ready & WRITABLE) === 0) this.#notify(WRITABLE)
  }

  /** Only a user's stream gives anything but bytes: in object mode, or after a late `setEncoding`. */
  #came(chunk: unknown): void {
    const bytes = bytesOf(chunk)
    if (bytes !== undefined) this.#arrived(bytes)
    else this.#threw(new TypeError('the stream gave a chunk that is no bytes'))
  }

  #arrived(chunk: Buffer): void {
    if (this.isClosed || chunk.length === 0) return
    this.#isAwaited = false
    this.#keep(chunk)
    this.#notify(READABLE)
    if (this.hasBytes && !this.#isAwaited) this.setReading(false)
  }

  #ended(): void {
    this.#hasEnded = true
    this.tcpInfo()
    this.#notify(READABLE | PEER_ENDED)
  }

  #broke(code: string): void {
    this.error ??= code
    this.#takeBufferedBytes()
    this.#hasEnded = true
    this.#notify(READABLE | WRITABLE | PEER_ENDED | BROKEN)
  }

  /** Calls code of the stream, which may be a user's. If it throws, the connection is broken. */
  #ask(call: () => unknown): void {
    try {
      call()
    } catch (error) {
      this.#threw(error)
    }
  }

  #threw(error: unknown): void {
    destroyFor(this.stream, error)
    this.#broke(codeOf(error))
  }

  #closed(): void {
    if (this.isClosed || this.error !== undefined) return
    if (this.#hasEnded && hasGivenAll(this.stream)) this.#notify(WRITABLE)
    else this.#broke('ECONNABORTED')
  }

  /** Takes what the stream has read without an event: before this object existed, or before it failed. */
  #takeBufferedBytes(): void {
    const bytes = bufferedBytes(this.stream)
    if (bytes !== undefined && !this.isClosed) this.#keep(bytes)
  }

  /**
   * Returns whether Node may read on at once. Node would do so 31 times while others wait, so after a full read it may not. It may not
   * either if an end could not be told from a reset. The read of the next turn can tell.
   */
  #borrowed(bytes: Buffer): boolean {
    this.#arrived(bytes)
    if (bytes.length < MOST_READ_BYTES && answersWrites(this.stream)) return true
    setImmediate(() => {
      if (this.#isReading) this.#ask(() => this.stream.resume())
    })
    return false
  }

  #keep(chunk: Buffer): void {
    this.#untaken = this.#untaken === undefined ? chunk : Buffer.concat([this.#untaken, chunk])
  }

  #notify(readiness: number): void {
    this.ready |= readiness
    if (this.owner === undefined) return
    this.runQueue.add(this.owner)
    this.runQueue.drain()
  }
}

const EMPTY = Buffer.alloc(0)
