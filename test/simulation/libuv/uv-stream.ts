/**
 * uv_tcp_t of libuv 1.46 (src/unix/stream.c), rule for rule, on the simulated kernel: the connection below Node's own
 * net.Socket. Bytes that wait to be written stay in the writer's memory.
 */
import * as e from '../kernel/errnos.js'
import type { TcpPeer } from '../kernel/tcp-socket.js'
import type { UvLoop, Watcher } from './loop.js'
import { type Chunks, type Done, UV_ECANCELED, WriteQueue } from './write-queue.js'

/** `read` gets a count of bytes in the memory that `memory` gave (> 0), 0 for no bytes, UV_EOF, or -errno. */
export interface Reader {
  memory(): Uint8Array
  read(count: number): void
}

export const UV_EOF = -4095
/** The most reads in a row. */
const MOST_READS = 32
const BROKEN = e.EPOLLERR | e.EPOLLHUP

export class UvStream implements Watcher {
  fd: number
  interest = 0
  generation = 0
  readonly loop: UvLoop
  readonly reader: Reader
  #isReading = false
  /** UV_HANDLE_READ_PARTIAL: the last read did not fill its memory. */
  #isPartial = false
  #hasEnded = false
  #isReadable = true
  #isWritable = true
  #isShut = false
  #connected: Done | undefined
  #shutDown: Done | undefined
  readonly #queue = new WriteQueue()

  /** `fd` is that of an accepted connection. -1 means that the connection is made later. */
  constructor(loop: UvLoop, reader: Reader, fd = -1) {
    this.loop = loop
    this.reader = reader
    this.fd = fd
  }

  get local(): TcpPeer | undefined {
    return this.loop.kernel.localAddress(this.fd)
  }

  get remote(): TcpPeer | undefined {
    return this.loop.kernel.remoteAddress(this.fd)
  }

  connect(host: string, port: number, connected: Done): number {
    const fd = this.loop.kernel.connect(host, port)
    if (fd < 0) return fd
    this.fd = fd
    this.#connected = connected
    this.#want(e.EPOLLOUT, true)
    return 0
  }

  readStart(): number {
    if (this.fd < 0) return -e.EINVAL
    if (!this.#isReadable) return -e.ENOTCONN
    this.#isReading = true
    this.#hasEnded = false
    this.#want(e.EPOLLIN, true)
    return 0
  }

  readStop(): number {
    if (this.#isReading) this.#stopReading()
    return 0
  }

  /** Returns how many bytes went, or -errno. */
  tryWrite(chunks: Chunks): number {
    return this.#connected !== undefined || this.#queue.bytes > 0 ? -e.EAGAIN : this.#send(chunks)
  }

  write(chunks: Chunks, done: Done): number {
    if (this.fd < 0) return -e.EBADF
    if (!this.#isWritable) return -e.EPIPE
    const wasEmpty = this.#queue.bytes === 0
    this.#queue.push(chunks, done)
    if (this.#connected !== undefined) return 0
    if (wasEmpty) this.#write()
    else this.#want(e.EPOLLOUT, true)
    return 0
  }

  /** FIN goes out behind all bytes that wait. */
  shutdown(done: Done): number {
    if (!this.#isWritable || this.#shutDown !== undefined || this.fd < 0) return -e.ENOTCONN
    this.#shutDown = done
    this.#isWritable = false
    if (this.#queue.isEmpty) this.loop.feed(this)
    return 0
  }

  /** `closed` is called later, after the callbacks of everything that was cancelled. */
  close(isReset: boolean, closed: () => void): number {
    if (isReset && this.#shutDown !== undefined) return -e.EINVAL
    const { fd } = this
    this.#isReading = false
    if (fd >= 0) {
      this.loop.want(this, 0)
      this.fd = -1
      this.loop.kernel.close(fd, isReset)
    }
    this.loop.close(this, () => this.#destroy(closed))
    return 0
  }

  /** uv__stream_io */
  io(events: number): void {
    if (this.#connected !== undefined) {
      this.#finishConnect()
      return
    }
    if ((events & (e.EPOLLIN | BROKEN)) !== 0) this.#read()
    // A reset behind bytes is told as an end here: the reads missed it, and only EPOLLHUP is left of it.
    if ((events & e.EPOLLHUP) !== 0 && this.#isReading && this.#isPartial && !this.#hasEnded) this.#end()
    if (this.fd < 0 || (events & (e.EPOLLOUT | BROKEN)) === 0) return
    this.#write()
    this.#tellWritten()
    if (this.#queue.isEmpty) this.#drain()
  }

  #want(event: number, isWanted: boolean): void {
    if (this.fd >= 0) this.loop.want(this, isWanted ? this.interest | event : this.interest & ~event)
  }

  #stopReading(): void {
    this.#isReading = false
    this.#want(e.EPOLLIN, false)
  }

  /** uv__stream_connect */
  #finishConnect(): void {
    const status = -this.loop.kernel.takeError(this.fd)
    const connected = this.#connected!
    this.#connected = undefined
    if (status < 0 || this.#queue.isEmpty) this.#want(e.EPOLLOUT, false)
    this.loop.call(() => connected(status))
    if (this.fd < 0 || status === 0) return
    this.#queue.cancel()
    this.#tellWritten()
  }

  /** uv__read */
  #read(): void {
    this.#isPartial = false
    for (let reads = 0; this.#isReading && reads < MOST_READS; reads++) {
      const memory = this.reader.memory()
      const count = this.loop.kernel.receive(
        this.fd,
        Buffer.from(memory.buffer, memory.byteOffset, memory.byteLength),
        false,
      )
      if (count === 0) this.#end()
      if (count <= 0) {
        if (count < 0) this.#failed(count)
        return
      }
      this.#tell(count)
      if (count < memory.byteLength) {
        this.#isPartial = true
        return
      }
    }
  }

  #failed(error: number): void {
    if (error === -e.EAGAIN) {
      this.#tell(0)
      return
    }
    this.#isReadable = false
    this.#isWritable = false
    this.#tell(error)
    if (this.#isReading) this.#stopReading()
  }

  /** uv__stream_eof */
  #end(): void {
    this.#hasEnded = true
    this.#stopReading()
    this.#tell(UV_EOF)
  }

  #tell(count: number): void {
    this.loop.call(() => this.reader.read(count))
  }

  /** uv__try_write */
  #send(chunks: Chunks): number {
    let sent = 0
    for (const chunk of chunks) {
      const went = this.loop.kernel.send(this.fd, chunk)
      if (went < 0 && sent === 0) return went === -e.ENOBUFS ? -e.EAGAIN : went
      sent += Math.max(0, went)
      if (went < chunk.length) break
    }
    return sent
  }

  #write(): void {
    this.#want(
      e.EPOLLOUT,
      this.#queue.write((chunks) => this.#send(chunks)),
    )
    if (this.#queue.hasNews) this.loop.feed(this)
  }

  #tellWritten(): void {
    this.#queue.tell((callback) => this.loop.call(callback))
  }

  /** uv__drain */
  #drain(): void {
    this.#want(e.EPOLLOUT, false)
    const done = this.#shutDown
    if (done === undefined || this.#isShut) return
    this.#shutDown = undefined
    const status = this.fd < 0 ? UV_ECANCELED : this.loop.kernel.shutdown(this.fd)
    this.#isShut = status === 0
    this.loop.call(() => done(status))
  }

  /** uv__stream_destroy */
  #destroy(closed: () => void): void {
    const connected = this.#connected
    this.#connected = undefined
    if (connected !== undefined) this.loop.call(() => connected(UV_ECANCELED))
    this.#queue.cancel()
    this.#tellWritten()
    this.#drain()
    this.loop.call(closed)
  }
}
