/**
 * A connected socket that is a Node stream: TLS, a user's Duplex, and every socket where there is no kernel
 * path. It turns stream events into readiness bits. It holds at most what arrived before a pause took effect.
 * No 'error' event ever escapes it.
 */
import type { Socket as NetSocket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type Address, hostOfSocket } from '../../address.js'
import { keepNodeAlive, type Liveness } from '../liveness.js'
import type { NotSplicing } from '../not-splicing.js'
import type { RunQueue } from '../run-queue.js'
import { BROKEN, PEER_ENDED, READABLE, type Runnable, type Socket, WRITABLE } from '../socket.js'
import type { TcpInfo } from '../tcp-info.js'
import { MOST_READ_BYTES, type ReadMemory } from './read-memory.js'
import { ReleasedSocket } from './released-socket.js'
import { closeInOrder, endWriting, isFlushed, isPlain, resetOrClose } from './stream-ends.js'

/** An owner that looks and takes nothing sees no more than this, except for the last read. */
const MOST_UNTAKEN_BYTES = 16 * 1024

export class StreamSocket implements Socket {
  readonly stream: Duplex
  readonly runQueue: RunQueue
  /** Why this socket's bytes cannot be spliced. */
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
    stream.allowHalfOpen = true
    // Pause first: a listener for 'data' would start the flow before anybody can take the bytes.
    stream.pause()
    // Reads only if there is something, because `read` also makes Node read ahead.
    if (stream.readableLength > 0) this.#takeBufferedBytes()
    if (this.hasBytes) this.ready |= READABLE
    if (memory === undefined) stream.on('data', (chunk: Buffer | string) => this.#arrived(toBuffer(chunk)))
    else memory.onBytes = (bytes) => this.#borrowed(bytes)
    stream.on('end', () => this.#endedOrBroke())
    stream.on('drain', () => this.#flushed())
    stream.on('finish', () => this.#notify(WRITABLE))
    stream.on('error', (error: NodeJS.ErrnoException) => this.#broke(error.code ?? 'EPROTO'))
    stream.on('close', () => this.#closed())
    if (stream.readableEnded) this.#ended()
    if (stream.destroyed)
      this.#broke((stream.errored as NodeJS.ErrnoException | null)?.code ?? 'ECONNABORTED')
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

  /** Starts or stops reading. */
  setReading(isWanted: boolean): void {
    if (isWanted === this.#isReading || this.isClosed || this.#hasEnded) return
    this.#isReading = isWanted
    if (isWanted) this.stream.resume()
    else this.stream.pause()
  }

  /**
   * Hands bytes over. False if the sink wants no more until it is WRITABLE again. The stream decides when
   * that is. If the bytes are lent, it is when they have all gone.
   */
  write(bytes: Buffer, isLent: boolean): boolean {
    this.#hasWritten = true
    const { stream } = this
    const hasRoom = stream.write(bytes)
    if (stream.writableLength === 0) return true
    if (!hasRoom || !isLent) return hasRoom
    // No 'drain' will come for so few bytes. A later write ends after they have gone.
    stream.write('', () => this.#flushed())
    return false
  }

  shutdown(): void {
    if (this.#hasShutdown || this.isClosed) return
    this.#hasShutdown = true
    endWriting(this.stream)
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
    const { below } = this
    if (below instanceof ReleasedSocket) below.setLiveness(liveness)
    else if (isPlain(below)) keepNodeAlive(below, liveness)
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
    const { localAddress: host, localPort: port } = this.stream as Partial<NetSocket>
    if (host === undefined || port === undefined) return undefined
    return { kind: 'tcp', host: hostOfSocket(host), port }
  }

  /** If Node has closed the connection by itself: the value at the time when its peer ended. */
  tcpInfo(): TcpInfo | undefined {
    if (!this.stream.destroyed && this.below instanceof ReleasedSocket) {
      this.#tcpInfo = this.below.tcpInfo()
    }
    return this.#tcpInfo
  }

  /** Some versions of Node also emit 'drain' for a write that never waited. */
  #flushed(): void {
    if ((this.ready & WRITABLE) === 0) this.#notify(WRITABLE)
  }

  #arrived(chunk: Buffer): void {
    if (this.isClosed || chunk.length === 0) return
    this.#isAwaited = false
    this.#keep(chunk)
    this.#notify(READABLE)
    if (this.hasBytes && !this.#isAwaited) this.setReading(false)
  }

  /** libuv reports a reset behind queued bytes as an end. A write, even of nothing, tells which it was. */
  #endedOrBroke(): void {
    if (!isPlain(this.stream) || !this.#canAsk) {
      this.#ended()
      return
    }
    this.stream.write('', (error) => {
      if (error == null) this.#ended()
    })
  }

  /** Whether the answer to a write comes at once. */
  get #canAsk(): boolean {
    return this.stream.writable && this.stream.writableLength === 0
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

  #closed(): void {
    if (!this.isClosed && !this.#hasEnded) this.#broke('ECONNABORTED')
  }

  /** Takes what the stream has read without an event: before this object existed, or before it failed. */
  #takeBufferedBytes(): void {
    for (let chunk = this.stream.read(); chunk !== null; chunk = this.stream.read()) {
      if (!this.isClosed) this.#keep(toBuffer(chunk))
    }
  }

  /**
   * Returns whether Node may read on at once. Node would do so 31 times while others wait, so after a full
   * read it may not. It may not either if an end could not be told from a reset. The read of the next turn
   * can tell.
   */
  #borrowed(bytes: Buffer): boolean {
    this.#arrived(bytes)
    if (bytes.length < MOST_READ_BYTES && this.#canAsk) return true
    setImmediate(() => {
      if (this.#isReading) this.stream.resume()
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

const toBuffer = (chunk: Buffer | Uint8Array | string): Buffer =>
  Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk as Uint8Array)
