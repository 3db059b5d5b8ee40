/**
 * A connected socket that is a Node stream: TLS, a Duplex of somebody's making, and every socket where there
 * is no kernel path. It turns stream events into the same readiness, and holds at most what arrived before a
 * pause took effect. No 'error' event ever escapes it.
 */
import type { Socket as NetSocket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type Address, hostOfSocket } from '../../address.js'
import { keepNodeAlive, type Liveness } from '../liveness.js'
import type { NotSplicing } from '../not-splicing.js'
import type { RunQueue } from '../run-queue.js'
import { BROKEN, PEER_ENDED, READABLE, type Runnable, type Socket, WRITABLE } from '../socket.js'
import { MOST_READ_BYTES, type ReadMemory } from './read-memory.js'
import { ReleasedSocket } from './released-socket.js'
import { closeInOrder, endWriting, isFlushed, isPlain, resetOrClose } from './stream-ends.js'

/** Who looks and does not take gets no more than this, save for the read that goes beyond it. */
const MOST_UNTAKEN_BYTES = 16 * 1024

export class StreamSocket implements Socket {
  readonly stream: Duplex
  readonly runQueue: RunQueue
  /** Why this socket's bytes cannot be spliced. */
  readonly notSplicing: NotSplicing
  /** Whether what `take` gives is lent: a later read overwrites it, so none may come before it has gone. */
  readonly isLending: boolean
  /** The connection itself, where `stream` is TLS on it. */
  below: Duplex
  ready = WRITABLE
  owner: Runnable | undefined = undefined
  error: string | undefined = undefined
  isClosed = false
  /** What came and nobody took yet. */
  #untaken: Buffer | undefined = undefined
  #isReading = false
  /** Somebody who has seen what is there asks for more. */
  #isAwaited = false
  #hasEnded = false
  #hasWritten = false
  #hasShutdown = false
  #roundTripMicros: number | undefined = undefined

  /** Takes ownership of `stream`, which reads into `memory` where that is given. */
  constructor(stream: Duplex, runQueue: RunQueue, notSplicing: NotSplicing, memory?: ReadMemory) {
    this.stream = stream
    this.below = stream
    this.runQueue = runQueue
    this.notSplicing = notSplicing
    this.isLending = memory !== undefined
    stream.allowHalfOpen = true
    // Paused first: a listener for 'data' would otherwise start the flow before anybody can take it.
    stream.pause()
    // Asked only where there is something, because asking also makes Node read ahead.
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

  /** Whether no more will come: FIN, or the connection broke. */
  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** The next bytes, or undefined when there are none at this moment. */
  take(): Buffer | undefined {
    const bytes = this.#untaken
    this.#untaken = undefined
    return bytes
  }

  peek(most: number): Buffer {
    return this.#untaken?.subarray(0, most) ?? EMPTY
  }

  read(most: number): Buffer {
    const bytes = this.#untaken
    this.#untaken = bytes !== undefined && bytes.length > most ? bytes.subarray(most) : undefined
    return bytes?.subarray(0, most) ?? EMPTY
  }

  awaitMore(): void {
    if (this.#untaken !== undefined && this.#untaken.length >= MOST_UNTAKEN_BYTES) return
    this.#isAwaited = true
    // What was lent would be overwritten.
    if (this.isLending && this.#untaken !== undefined) this.#untaken = Buffer.from(this.#untaken)
    this.setReading(true)
  }

  /** The stream keeps what does not go at once, so nothing is taken while it still has some. */
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

  /** Asks for more bytes, or for no more. */
  setReading(isWanted: boolean): void {
    if (isWanted === this.#isReading || this.isClosed || this.#hasEnded) return
    this.#isReading = isWanted
    if (isWanted) this.stream.resume()
    else this.stream.pause()
  }

  /**
   * Hands bytes over; false when the sink wants no more until it is WRITABLE again. That is the stream's own
   * opinion, save where the bytes are lent: then it is when they have all gone.
   */
  write(bytes: Buffer, isLent: boolean): boolean {
    this.#hasWritten = true
    const { stream } = this
    const hasRoom = stream.write(bytes)
    if (stream.writableLength === 0) return true
    if (!hasRoom || !isLent) return hasRoom
    // No 'drain' will come for these few, but a write after them ends after them.
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

  /** Where Node has closed the connection by itself: as it was when its peer ended. */
  roundTripMicros(): number | undefined {
    if (!this.stream.destroyed && this.below instanceof ReleasedSocket) {
      this.#roundTripMicros = this.below.roundTripMicros()
    }
    return this.#roundTripMicros
  }

  /** Some versions of Node send 'drain' also for a write that never waited. */
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

  /** libuv calls a reset an end where bytes were queued before it; a write, even of nothing, tells which it was. */
  #endedOrBroke(): void {
    if (!isPlain(this.stream) || !this.#canAsk) {
      this.#ended()
      return
    }
    this.stream.write('', (error) => {
      if (error == null) this.#ended()
    })
  }

  /** Whether a write would be answered at once. */
  get #canAsk(): boolean {
    return this.stream.writable && this.stream.writableLength === 0
  }

  #ended(): void {
    this.#hasEnded = true
    this.roundTripMicros()
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

  /** What the stream has read and sent no event for: before us, or before it failed. */
  #takeBufferedBytes(): void {
    for (let chunk = this.stream.read(); chunk !== null; chunk = this.stream.read()) {
      if (!this.isClosed) this.#keep(toBuffer(chunk))
    }
  }

  /**
   * Answers whether Node may read on at once. It would do so 31 times; others wait meanwhile, so after a full
   * read they come first. Nor may it where an end could not be told from a reset: the next turn's read can.
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
