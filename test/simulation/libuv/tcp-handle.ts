/**
 * The handle behind a net.Socket (`TCP` of tcp_wrap.cc, stream_base.cc): the same calls and answers, on a simulated
 * connection. Node's own net.Socket runs on it, so none of its rules is written down twice.
 */
import { EAGAIN, ENOTCONN } from '../kernel/errnos.js'
import type { TcpPeer } from '../kernel/tcp-socket.js'
import { UNIX_PORT } from '../kernel/unix-socket.js'
import type { UvLoop } from './loop.js'
import { streamWrap, tcpWrap } from './node-binding.js'
import { type Reader, UvStream } from './uv-stream.js'
import { type Chunks, withoutFirst } from './write-queue.js'

/** A connect, a write or a shutdown. */
interface Request {
  oncomplete(
    status: number,
    handle?: TcpHandle,
    request?: Request,
    isReadable?: true,
    isWritable?: true,
  ): void
}

interface Name {
  address?: string
  port?: number
  family?: 'IPv4'
}

export class TcpHandle implements Reader {
  /** Set by Node. */
  onread: ((bytes: ArrayBuffer | undefined) => Uint8Array | undefined) | undefined = undefined
  readonly #stream: UvStream
  #memory: Uint8Array = Buffer.alloc(0)

  /** `fd` is that of an accepted connection. Without it the connection is made later. */
  constructor(loop: UvLoop, fd?: number) {
    this.#stream = new UvStream(loop, this, fd)
  }

  useUserBuffer(memory: Uint8Array): void {
    this.#memory = memory
  }

  memory(): Uint8Array {
    return this.#memory
  }

  read(count: number): void {
    streamWrap.streamBaseState[streamWrap.kReadBytesOrError] = count
    this.#memory = this.onread?.(undefined) ?? this.#memory
  }

  connect(request: Request, host: string, port = UNIX_PORT): number {
    return this.#stream.connect(host, port, (status) => request.oncomplete(status, this, request, true, true))
  }

  readStart(): number {
    return this.#stream.readStart()
  }

  readStop(): number {
    return this.#stream.readStop()
  }

  writeBuffer(request: Request, bytes: Uint8Array): number {
    return this.#write(request, [Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)])
  }

  writeUtf8String(request: Request, text: string): number {
    return this.#write(request, [Buffer.from(text)])
  }

  /** Writes buffers, or texts each of which is followed by its encoding. */
  writev(request: Request, chunks: readonly (Buffer | string)[], isAllBuffers: boolean): number {
    const bytes = isAllBuffers
      ? (chunks as Chunks)
      : chunks
          .filter((_, at) => at % 2 === 0)
          .map((chunk, at) => toBuffer(chunk, chunks[2 * at + 1] as string))
    return this.#write(request, bytes)
  }

  shutdown(request: Request): number {
    return this.#stream.shutdown((status) => request.oncomplete(status))
  }

  close(closed: () => void = () => {}): void {
    this.#stream.close(false, closed)
  }

  reset(closed: () => void): number {
    return this.#stream.close(true, closed)
  }

  getsockname(into: Name): number {
    return this.#name(into, this.#stream.local)
  }

  getpeername(into: Name): number {
    return this.#name(into, this.#stream.remote)
  }

  setNoDelay(): number {
    return 0
  }

  setKeepAlive(): number {
    return 0
  }

  /** async_hooks asks for it. Nothing here uses them. */
  getAsyncId(): number {
    return 1
  }

  /** Node asks for these when a socket ends. */
  get bytesRead(): number {
    return 0
  }

  get bytesWritten(): number {
    return 0
  }

  get fd(): number {
    return this.#stream.fd
  }

  ref(): void {}

  unref(): void {}

  /** StreamBase::Write: sends at once what the kernel takes, and the rest later from the caller's memory. */
  #write(request: Request, chunks: Chunks): number {
    const sent = this.#stream.tryWrite(chunks)
    if (sent < 0 && sent !== -EAGAIN) return tellWrite(chunks, false, sent)
    const left = withoutFirst(chunks, Math.max(0, sent))
    if (sent >= 0 && left.length === 0) return tellWrite(chunks, false, 0)
    const error = this.#stream.write(left, (status) => request.oncomplete(status))
    return tellWrite(chunks, error === 0, error)
  }

  #name(into: Name, name: TcpPeer | undefined): number {
    if (name === undefined) return -ENOTCONN
    Object.assign(into, { address: name.host, port: name.port, family: 'IPv4' })
    return 0
  }
}

Object.setPrototypeOf(TcpHandle.prototype, tcpWrap.TCP.prototype)

/** The methods that pipe_wrap.cc has as well. */
const { constructor, reset, setNoDelay, setKeepAlive, getsockname, getpeername, ...shared } =
  Object.getOwnPropertyDescriptors(TcpHandle.prototype)
const pipePrototype = Object.create(Object.prototype, shared)

/** The handle of a unix socket (`Pipe`). */
export const createPipeHandle = (loop: UvLoop, fd?: number): TcpHandle =>
  Object.setPrototypeOf(new TcpHandle(loop, fd), pipePrototype)

const toBuffer = (chunk: Buffer | string, encoding: string): Buffer =>
  typeof chunk === 'string' ? Buffer.from(chunk, encoding as BufferEncoding) : chunk

/** Leaves the result of a write where Node reads it. */
function tellWrite(chunks: Chunks, isAsync: boolean, error: number): number {
  const { streamBaseState, kBytesWritten, kLastWriteWasAsync } = streamWrap
  streamBaseState[kBytesWritten] = chunks.reduce((sum, { length }) => sum + length, 0)
  streamBaseState[kLastWriteWasAsync] = isAsync ? 1 : 0
  return error
}
