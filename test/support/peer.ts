/**
 * The far end of a connection: a client or a backend as a test plays it, on a plain net.Socket. It keeps what
 * it sent and what it received, and tells an end (FIN) from a reset.
 */
import { once } from 'node:events'
import { createServer, connect as netConnect, type Server, type Socket } from 'node:net'
import type { Address } from '../../src/address.js'
import { difference } from './bytes.js'

export class Peer {
  readonly socket: Socket
  /** How the other side ended: `fin`, or the errno of how it broke. */
  readonly ended: Promise<string>
  readonly closed: Promise<void>
  readonly #sent: Buffer[] = []
  readonly #received: Buffer[] = []
  /** Whether received bytes are kept; counted they are always. */
  isKeeping = true
  receivedBytes = 0
  sentBytes = 0
  #onData: (() => void) | undefined

  constructor(socket: Socket) {
    this.socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk) => this.#arrived(chunk))
    this.ended = new Promise((resolve) => {
      socket.on('end', () => resolve('fin'))
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'))
      socket.on('close', () => resolve('closed'))
    })
    this.closed = new Promise((resolve) => {
      socket.on('close', () => resolve())
    })
  }

  /** Everything handed to `send` so far. */
  get sent(): Buffer {
    return Buffer.concat(this.#sent)
  }

  get received(): Buffer {
    return Buffer.concat(this.#received)
  }

  /**
   * As `ended`, for a reader that had stopped: libuv calls a reset an end when bytes were still queued before
   * it, so the kernel is asked by writing. Only for tests that are over then, because the byte may arrive.
   */
  async reallyEnded(): Promise<string> {
    const how = await this.ended
    if (how !== 'fin' || !this.socket.writable) return how
    return new Promise((resolve) => {
      this.socket.write('?', (error) => resolve((error as NodeJS.ErrnoException | null)?.code ?? how))
    })
  }

  /** Hands bytes over and does not wait for them to leave. */
  send(bytes: Buffer): void {
    this.#sent.push(bytes)
    this.sentBytes += bytes.length
    this.socket.write(bytes)
  }

  /** Sends without a pause until the connection ends; nothing of it is kept. */
  sendForEver(chunk: Buffer): void {
    const fill = (): void => {
      while (this.socket.writable && this.socket.write(chunk)) this.sentBytes += chunk.length
    }
    this.socket.on('drain', fill)
    fill()
  }

  /** Sends FIN after everything sent so far. */
  end(): void {
    this.socket.end()
  }

  /** Resets the connection (TCP only). */
  reset(): void {
    const { socket } = this
    // libuv refuses while FIN is on its way, and Node would then never close the socket.
    if (socket.writableEnded && !socket.writableFinished) socket.once('finish', () => this.reset())
    else socket.resetAndDestroy()
  }

  /** Stops reading: what comes stays in the kernel, save for a chunk already on its way. */
  pause(): void {
    this.socket.pause()
  }

  resume(): void {
    this.socket.resume()
  }

  /** Resolves when at least `bytes` have come in all; rejects when the connection ended before. */
  async receive(bytes: number): Promise<void> {
    const ending = this.ended.then((how) => {
      if (this.receivedBytes < bytes) throw new Error(`${how} after ${this.receivedBytes} of ${bytes} bytes`)
    })
    const enough = new Promise<void>((resolve) => {
      this.#onData = () => {
        if (this.receivedBytes >= bytes) resolve()
      }
      this.#onData()
    })
    await Promise.race([enough, ending])
  }

  /** What this side received against what the other sent, in words; undefined when it is all of it. */
  missingFrom(sender: Peer): string | undefined {
    return difference(this.received, sender.sent)
  }

  #arrived(chunk: Buffer): void {
    if (this.isKeeping) this.#received.push(chunk)
    this.receivedBytes += chunk.length
    this.#onData?.()
  }
}

/** Connects to `address`; half-closing is left to the caller. */
export async function connectTo(address: Address): Promise<Peer> {
  const target = address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port }
  const socket = netConnect({ ...target, allowHalfOpen: true })
  await once(socket, 'connect')
  return new Peer(socket)
}

/** How a client ends that nobody serves: it may be reset before it knows that it was connected. */
export async function turnedAway(connecting: Promise<Peer>): Promise<string> {
  try {
    return await (await connecting).ended
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error)
  }
}

/** A server of Node's own; `accepted` gives its connections in order. */
export class PeerServer {
  readonly address: Address
  readonly #server: Server
  readonly #waiting: ((peer: Peer) => void)[] = []
  readonly #arrived: Peer[] = []

  private constructor(server: Server, address: Address) {
    this.#server = server
    this.address = address
    server.on('connection', (socket) => {
      const peer = new Peer(socket)
      const taker = this.#waiting.shift()
      if (taker === undefined) this.#arrived.push(peer)
      else taker(peer)
    })
  }

  static async listen(address: Address): Promise<PeerServer> {
    const server = createServer({ allowHalfOpen: true })
    if (address.kind === 'unix') server.listen({ path: address.path })
    else server.listen({ host: address.host, port: address.port })
    await once(server, 'listening')
    const bound = server.address()
    const isTcp = address.kind === 'tcp' && bound !== null && typeof bound === 'object'
    return new PeerServer(server, isTcp ? { ...address, port: bound.port } : address)
  }

  /** The next connection, in order of arrival. */
  accepted(): Promise<Peer> {
    const peer = this.#arrived.shift()
    return peer === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(peer)
  }

  /** Stops listening; accepted connections go on. */
  close(): void {
    this.#server.close()
  }
}
