/** A backend that a test plays: a server of Node's. The test can end each of its connections at any time. */
import { once } from 'node:events'
import { createServer, type ListenOptions, type Server } from 'node:net'
import { type Address, formatAddress } from '../../src/address.js'
import { Peer } from './peer.js'

export class Backend {
  /** Every connection so far, in order of arrival. */
  readonly peers: Peer[] = []
  readonly #server: Server
  readonly #address: Address
  #taken = 0

  private constructor(server: Server, address: Address) {
    this.#server = server
    this.#address = address
    server.on('connection', (socket) => this.peers.push(new Peer(socket)))
  }

  static async listen(on: ListenOptions = { host: '127.0.0.1', port: 0 }): Promise<Backend> {
    const server = createServer({ allowHalfOpen: true }).listen(on)
    await once(server, 'listening')
    const bound = server.address()
    if (bound === null || typeof bound === 'string')
      return new Backend(server, { kind: 'unix', path: on.path! })
    return new Backend(server, { kind: 'tcp', host: bound.address, port: bound.port })
  }

  /** The address, as a config writes it. */
  get address(): string {
    return formatAddress(this.#address)
  }

  get port(): number {
    return this.#address.kind === 'tcp' ? this.#address.port : 0
  }

  /** Resolves with the next connection that no earlier call has returned. */
  async accepted(): Promise<Peer> {
    const index = this.#taken++
    for (;;) {
      const peer = this.peers[index]
      if (peer !== undefined) return peer
      await once(this.#server, 'connection')
    }
  }

  /** Resolves at the next connection. `accepted` still returns that connection. */
  async connected(): Promise<void> {
    await once(this.#server, 'connection')
  }

  /** Answers every connection with its own bytes, and an end with an end. */
  echo(): this {
    this.#server.on('connection', (socket) => socket.pipe(socket))
    return this
  }

  /** Refuses clients from now on. Its open connections go on. */
  refuse(): void {
    this.#server.close()
  }

  async close(): Promise<void> {
    this.#server.close()
    for (const { socket } of this.peers) socket.destroy()
    await Promise.all(this.peers.map(({ closed }) => closed))
  }
}
