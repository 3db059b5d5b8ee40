/**
 * Sends one question over TCP, for replies that fit into no datagram (RFC 7766). A server that sends slowly runs into
 * the deadline. The socket keeps no process alive.
 */
import { connect } from 'node:net'
import type { DnsFailure } from './answer.js'
import { type Exchange, type Read, settleOnce } from './exchange.js'

/** Each message has its length before it, in 2 bytes (RFC 1035 section 4.2.2). So no message has more than 64 KiB. */
const LENGTH_BYTES = 2

/** The first message of the server must be the reply. */
export const askByTcp = <Reply>(exchange: Exchange, read: Read<Reply>): Promise<Reply | string> =>
  settleOnce(exchange, (settle) => {
    const { server, bytes } = exchange
    const socket = connect({ host: server.ip, port: server.port, noDelay: true }).unref()
    const message = new IncomingMessage()
    socket.on('error', (error: NodeJS.ErrnoException) => settle(error.code ?? 'EIO'))
    socket.on('end', () => settle('ECONNRESET'))
    socket.on('data', (chunk) => {
      message.add(chunk)
      if (message.isWhole) settle(read(message.body) ?? ('BADRESP' satisfies DnsFailure))
    })
    socket.write(withLength(bytes))
    return () => socket.destroy()
  })

/** Collects one message. Bytes after it are dropped. */
class IncomingMessage {
  readonly #length = Buffer.alloc(LENGTH_BYTES)
  #body = Buffer.alloc(0)
  #received = 0

  get isWhole(): boolean {
    return this.#received >= LENGTH_BYTES && this.#received - LENGTH_BYTES === this.#body.length
  }

  get body(): Buffer {
    return this.#body
  }

  add(chunk: Buffer): void {
    const rest = this.#received < LENGTH_BYTES ? this.#addLength(chunk) : chunk
    if (this.#received < LENGTH_BYTES) return
    this.#received += rest.copy(this.#body, this.#received - LENGTH_BYTES)
  }

  /** Returns the bytes after the length. */
  #addLength(chunk: Buffer): Buffer {
    const taken = chunk.copy(this.#length, this.#received)
    this.#received += taken
    if (this.#received === LENGTH_BYTES) this.#body = Buffer.alloc(this.#length.readUInt16BE(0))
    return chunk.subarray(taken)
  }
}

function withLength(bytes: Buffer): Buffer {
  const length = Buffer.alloc(LENGTH_BYTES)
  length.writeUInt16BE(bytes.length)
  return Buffer.concat([length, bytes])
}
