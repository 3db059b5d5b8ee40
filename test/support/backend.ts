/** A backend as a test plays it: a server of Node's own whose every connection can be ended at any time. */
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

  /** As a config has it. */
  get address(): string {
    return formatAddress(this.#address)
  }

  get port(): number {
    return this.#address.kind === 'tcp' ? this.#address.port : 0
  }

  /** The next connection that was not asked for before. */
  async accepted(): Promise<Peer> {
    const index = this.#taken++
    for (;;) {
      const peer = this.peers[index]
      if (peer !== undefined) return peer
      await once(this.#server, 'connection')
    }
  }

  /** Resolves at the next connection, whoever asks for it. */
  async connected(): Promise<void> {
    await once(this.#server, 'connection')
  }

  /** Answers every connection with its own bytes, and an end with an end. */
  echo(): this {
    this.#server.on('connection', (socket) => socket.pipe(socket))
    return this
  }

  /** Refuses from now on; connections go on. */
  refuse(): void {
    this.#server.close()
  }

  async close(): Promise<void> {
    this.#server.close()
    for (const { socket } of this.peers) socket.destroy()
    await Promise.all(this.peers.map(({ closed }) => closed))
  }
}
