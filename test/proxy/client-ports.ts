/** A listener with a range of ports, in front of a backend without a port: each client reaches the port that it has connected to. */
import { afterEach, expect, it } from 'vitest'
import { Backend } from '../support/backend.js'
import { freePort } from '../support/programs.js'
import { Bed } from './bed.js'

const HOST = '127.0.0.2'

export function describeClientPorts(): void {
  let bed: Bed
  afterEach(() => bed.end())

  it('a backend without a port is reached at the port that its client has connected to', async () => {
    const port = await freePort()
    const backend = await Backend.listen({ host: HOST, port })
    bed = await Bed.start({
      listeners: [{ name: 'games', address: `127.0.0.1:${port}-${port}`, cluster: 'games' }],
      clusters: { games: { backends: [HOST] } },
      backends: [backend],
    })
    const client = await bed.connect()
    const peer = await backend.accepted()
    peer.end()
    client.end()
    const [record] = await bed.recorded(1)
    expect(record).toMatchObject({
      backend: `${HOST}:0`,
      backendAddress: `${HOST}:${port}`,
      ended: { cause: 'finished' },
    })
  })
}
