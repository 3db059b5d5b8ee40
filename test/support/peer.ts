/**
 * The far end of a connection: a client or a backend that a test plays on a plain net.Socket. It keeps the bytes it
 * sent and received, and tells an end (FIN) from a reset.
 */
import { once } from 'node:events'
import { createServer, connect as netConnect, type Server, type Socket } from 'node:net'
import type { Address } from '../../src/address.js'
import { difference } from './bytes.js'

export class Peer {
  readonly socket: Socket
  /** Resolves with `fin` if the other side ended, or with an errno if the connection broke. */
  readonly ended: Promise<string>
  readonly closed: Promise<void>
  readonly #sent: Buffer[] = []
  readonly #received: Buffer[] = []
  /** Whether received bytes are kept. They are always counted. */
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

  /** All bytes given to `send` so far. */
  get sent(): Buffer {
    return Buffer.concat(this.#sent)
  }

  get received(): Buffer {
    return Buffer.concat(this.#received)
  }

  /**
   * As `ended`, for a reader that had stopped. libuv reports a reset as an end if bytes were still queued before it,
   * so this method writes one byte to ask the kernel. The byte may arrive, so call it only at the end of a test.
   */
  async reallyEnded(): Promise<string> {
    const how = await this.ended
    if (how !== 'fin' || !this.socket.writable) return how
    return new Promise((resolve) => {
      this.socket.write('?', (error) => resolve((error as NodeJS.ErrnoException | null)?.code ?? how))
    })
  }

  /** Sends bytes and does not wait until they have gone. */
  send(bytes: Buffer): void {
    this.#sent.push(bytes)
    this.sentBytes += bytes.length
    this.socket.write(bytes)
  }

  /** Sends without a pause until the connection ends. The bytes are not kept. */
  sendForEver(chunk: Buffer): void {
    const fill = (): void => {
      while (this.socket.writable && this.socket.write(chunk)) this.sentBytes += chunk.length
    }
    this.socket.on('drain', fill)
    fill()
  }

  /** Sends FIN behind all bytes sent so far. */
  end(): void {
    this.socket.end()
  }

  /** Resets the connection (TCP only). */
  reset(): void {
    const { socket } = this
    // libuv refuses a reset while FIN is on its way. Node would then never close the socket.
    if (socket.writableEnded && !socket.writableFinished) socket.once('finish', () => this.reset())
    else socket.resetAndDestroy()
  }

  /** Stops reading. Bytes that come stay in the kernel, except for a chunk that is already on its way. */
  pause(): void {
    this.socket.pause()
  }

  resume(): void {
    this.socket.resume()
  }

  /** Resolves when at least `bytes` have come in all. Rejects if the connection ends before that. */
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

  /** Says how the received bytes differ from those that `sender` sent. Undefined if they are the same. */
  missingFrom(sender: Peer): string | undefined {
    return difference(this.received, sender.sent)
  }

  #arrived(chunk: Buffer): void {
    if (this.isKeeping) this.#received.push(chunk)
    this.receivedBytes += chunk.length
    this.#onData?.()
  }
}

/** Connects to `address`, from the address `from` if there is one. The socket stays half-open until the caller ends it. */
export async function connectTo(address: Address, from?: string): Promise<Peer> {
  const target = address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port }
  const socket = netConnect({
    ...target,
    allowHalfOpen: true,
    ...(from !== undefined && { localAddress: from }),
  })
  await once(socket, 'connect')
  return new Peer(socket)
}

/** How the connection of a client ends that is not served. A reset may come before the client sees the connect. */
export async function turnedAway(connecting: Promise<Peer>): Promise<string> {
  try {
    return await (await connecting).ended
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error)
  }
}

/** A server of Node's. `accepted` returns its connections in order. */
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

  /** Resolves with the next connection, in order of arrival. */
  accepted(): Promise<Peer> {
    const peer = this.#arrived.shift()
    return peer === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(peer)
  }

  /** Stops listening. Accepted connections go on. */
  close(): void {
    this.#server.close()
  }
}
