/** A proxy that forwards one request for each connection, to a backend that the test plays. */
import { afterEach, beforeEach } from 'vitest'
import { Bed } from '../proxy/bed.js'
import { Backend } from '../support/backend.js'
import type { Peer } from '../support/peer.js'
import { headAt } from './upgrades.js'

export const GET = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n'
export const POST = 'POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100000000\r\n\r\n'
export const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** The head of an answer as the client gets it. The connection closes after each answer. */
export const headOf = (bytes: number): string =>
  `HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${bytes}\r\n\r\n`

/** A request that has reached the backend: both ends, and the head that the backend got. */
export interface Opened {
  readonly client: Peer
  readonly peer: Peer
  readonly head: string
}

export class RequestRig {
  backend!: Backend
  bed!: Bed

  /** Gives each test of this suite a new proxy and a new backend. */
  static forEachTest(timeouts = {}): RequestRig {
    const rig = new RequestRig()
    beforeEach(async () => await rig.start(timeouts))
    afterEach(async () => await rig.bed.end())
    return rig
  }

  async start(timeouts = {}): Promise<void> {
    this.backend = await Backend.listen()
    this.bed = await Bed.start({
      backends: [this.backend],
      listeners: [
        { name: 'front', address: '127.0.0.1:0', cluster: 'back', protocol: 'http', http: 'forward' },
      ],
      timeouts,
    })
  }

  /** The byte counts of the first open connection. */
  readonly bytesUp = (): number => this.bed.proxy.connections()[0]?.totals.bytesUp ?? 0
  readonly bytesDown = (): number => this.bed.proxy.connections()[0]?.totals.bytesDown ?? 0

  async open(bytes: string): Promise<Opened> {
    const client = await this.bed.connect()
    client.send(Buffer.from(bytes))
    const peer = await this.backend.accepted()
    return { client, peer, head: await headAt(peer) }
  }

  /** The backend answers and both sides close. Returns what the client got. */
  async answer({ client, peer }: Opened, text: string): Promise<string> {
    peer.send(Buffer.from(text))
    await client.ended
    client.end()
    await peer.ended
    peer.end()
    return client.received.toString()
  }
}
