/** A forward proxy that a test plays: SOCKS5 or CONNECT, answered by hand. It is also the backend behind the tunnel. */

import { Backend } from './backend.js'
import type { Peer } from './peer.js'

export const OPEN_REPLY = Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0])
export const OPEN_HEAD = Buffer.from('HTTP/1.1 200 Connection established\r\n\r\n')

export class ForwardProxy {
  readonly server: Backend
  /** What clients asked for, in order: the host as they wrote it, and the port. */
  readonly asked: string[] = []

  private constructor(server: Backend) {
    this.server = server
  }

  static async listen(host = '127.0.0.1'): Promise<ForwardProxy> {
    return new ForwardProxy(await Backend.listen({ host, port: 0 }))
  }

  get port(): number {
    return this.server.port
  }

  /** Plays SOCKS5 without a password until the client has asked for a backend. Returns the client, which waits for a reply. */
  async askedBySocks(): Promise<Peer> {
    const peer = await this.server.accepted()
    await peer.receive(3)
    peer.socket.write(Buffer.from([5, 0]))
    await peer.receive(3 + 5)
    const length = requestLength(peer.received.subarray(3))
    await peer.receive(3 + length)
    this.asked.push(destinationOf(peer.received.subarray(3, 3 + length)))
    return peer
  }

  /** Plays SOCKS5 until the tunnel is open. `early`: what the backend says at once. */
  async openBySocks(early = ''): Promise<Peer> {
    const peer = await this.askedBySocks()
    peer.socket.write(Buffer.concat([OPEN_REPLY, Buffer.from(early)]))
    return peer
  }

  /** Reads a request for a tunnel, and returns the client, which waits for an answer. */
  async askedByConnect(): Promise<Peer> {
    const peer = await this.server.accepted()
    for (let bytes = 1; !peer.received.includes('\r\n\r\n'); bytes = peer.receivedBytes + 1)
      await peer.receive(bytes)
    this.asked.push(/^CONNECT (\S+) /.exec(peer.received.toString())![1]!)
    return peer
  }

  close(): Promise<void> {
    return this.server.close()
  }
}

/** As far as its first five bytes tell. */
function requestLength(request: Buffer): number {
  const [, , , type, length] = request as unknown as number[]
  return type === 1 ? 10 : type === 4 ? 22 : 7 + length!
}

function destinationOf(request: Buffer): string {
  const port = request.readUInt16BE(request.length - 2)
  const address = request.subarray(4, -2)
  const host =
    request[3] === 3
      ? address.subarray(1).toString()
      : request[3] === 1
        ? address.join('.')
        : address.toString('hex')
  return `${host}:${port}`
}
