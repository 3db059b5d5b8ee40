/** A proxy that forwards requests, one to a connection, to a backend that the test plays. */
import { afterEach, beforeEach } from 'vitest'
import { Bed } from '../proxy/bed.js'
import { Backend } from '../support/backend.js'
import type { Peer } from '../support/peer.js'
import { headAt } from './upgrades.js'

export const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** A request that has come to the backend: both ends, and the head there. */
export interface Opened {
  readonly client: Peer
  readonly peer: Peer
  readonly head: string
}

export class RequestRig {
  backend!: Backend
  bed!: Bed

  /** For the tests of this suite: a new proxy and a new backend for each. */
  static forEachTest(): RequestRig {
    const rig = new RequestRig()
    beforeEach(async () => await rig.start())
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

  async open(bytes: string): Promise<Opened> {
    const client = await this.bed.connect()
    client.send(Buffer.from(bytes))
    const peer = await this.backend.accepted()
    return { client, peer, head: await headAt(peer) }
  }

  /** The backend answers; the client gets it, and both are closed. */
  async answer({ client, peer }: Opened, text: string): Promise<string> {
    peer.send(Buffer.from(text))
    await client.ended
    client.end()
    await peer.ended
    peer.end()
    return client.received.toString()
  }
}
