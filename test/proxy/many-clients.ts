/** Many clients at once: none is lost, none waits for another, and nothing is left of them. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Backend } from '../support/backend.js'
import { pattern } from '../support/bytes.js'
import { settled } from '../support/wait.js'
import { Bed } from './bed.js'

const CONNECTIONS = 1000
const ROUND_TRIPS = 500

export function describeManyClients(): void {
  let backend: Backend
  let bed: Bed

  beforeEach(async () => {
    backend = (await Backend.listen({ host: '127.0.0.1', port: 0, backlog: CONNECTIONS })).echo()
    bed = await Bed.start({ backends: [backend] })
  })
  afterEach(() => bed.end())

  it('a thousand connections at the same time each get their own bytes back', async () => {
    const clients = await Promise.all(Array.from({ length: CONNECTIONS }, () => bed.connect()))
    await Promise.all(
      clients.map(async (client, i) => {
        client.send(pattern(1, 2000, i))
        await client.receive(2000)
      }),
    )
    expect(bed.proxy.status().connections).toMatchObject({ active: CONNECTIONS, bytesUp: CONNECTIONS * 2000 })
    for (const client of clients) {
      expect(client.received.equals(client.sent)).toBe(true)
      client.end()
    }
    expect(await Promise.all(clients.map(({ ended }) => ended))).toEqual(clients.map(() => 'fin'))
    for (const record of await bed.recorded(CONNECTIONS)) {
      expect(record).toMatchObject({ bytesUp: 2000, bytesDown: 2000, termination: '--' })
    }
    expect(bed.proxy.status().pipes.infiniteLoops).toBe(0)
  })

  it('a client that does not read keeps no other client waiting', async () => {
    const stalled = await bed.connect()
    stalled.pause()
    stalled.send(pattern(1, 50_000_000))
    const lively = await bed.connect()
    for (let i = 1; i <= ROUND_TRIPS; i++) {
      lively.send(pattern(2, 100))
      await lively.receive(i * 100)
    }
    // Buffers bound the bytes that are in flight for the stalled client.
    await settled(() => bed.proxy.status().connections.bytesUp)
    expect(bed.proxy.status().connections.bytesUp).toBeLessThan(50_000_000)
    expect(bed.proxy.status().connections.active).toBe(2)
    lively.end()
    expect(await lively.ended).toBe('fin')
    stalled.resume()
    await stalled.receive(50_000_000)
    expect(stalled.received.equals(stalled.sent)).toBe(true)
    stalled.end()
    await bed.recorded(2)
  })
}
