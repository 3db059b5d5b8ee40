/** What a program sees of the connections of its proxy, and does with them. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { LiveConnections } from '../../src/proxy/live-connections.js'
import { Backend } from '../support/backend.js'
import { pattern } from '../support/bytes.js'
import type { Peer } from '../support/peer.js'
import { Bed } from './bed.js'

export function describeLiveConnections(): void {
  let backend: Backend
  let bed: Bed
  let live: LiveConnections

  beforeEach(async () => {
    backend = await Backend.listen()
    bed = await Bed.start({ backends: [backend] })
    live = new LiveConnections(bed.proxy)
  })
  afterEach(async () => {
    await bed.end()
    await backend.close()
  })

  async function join(bytes: number): Promise<{ client: Peer; peer: Peer }> {
    const client = await bed.connect()
    client.send(pattern(1, bytes))
    const peer = await backend.accepted()
    await peer.receive(bytes)
    return { client, peer }
  }

  it('a program sees the facts and byte counts of each open connection, with the id of the record', async () => {
    expect([...live.connections()]).toEqual([])
    const { client } = await join(100)
    const [connection] = live.connections()
    expect(connection!.totals()).toMatchObject({ bytesUp: 100, bytesDown: 0 })
    expect(connection).toMatchObject({ isOpen: true })
    const { connections } = await bed.control.connections({})
    const facts = connection!.facts()!
    expect(Object.keys(facts)).toEqual(Object.keys(connections[0]!))
    const { id, client: from, backend: to } = connections[0]!
    expect(facts).toMatchObject({ id, client: from, backend: to, phase: 'data', up: { bytes: 100 } })
    expect(connection!.id).toBe(id)
    client.reset()
    expect((await bed.recorded(1))[0]!.id).toBe(id)
  })

  it('a program ends a quiet connection with FIN, and kills one with RST', async () => {
    const [first, second] = [await join(10), await join(20)]
    const ended = [...live.connections()].map((each) =>
      each.totals().bytesUp === 10 ? each.end() : each.kill(),
    )
    expect(ended).toEqual([true, true])
    expect([await first.client.ended, await first.peer.ended]).toEqual(['fin', 'fin'])
    expect([await second.client.ended, await second.peer.ended]).toEqual(['ECONNRESET', 'ECONNRESET'])
    const causes = (await bed.recorded(2)).map(({ ended: { by, cause } }) => `${by} ${cause}`)
    expect(causes.sort()).toEqual(['proxy killed', 'proxy ordered'])
  })

  it('a loop that ends each connection meets each one once', async () => {
    for (let i = 0; i < 5; i++) await join(1)
    const ids = new Set<string>()
    for (const { id, kill } of live.connections()) {
      ids.add(id)
      expect(kill()).toBe(true)
    }
    expect(ids.size).toBe(5)
    expect([...live.connections()]).toEqual([])
    expect((await bed.recorded(5)).every(({ id }) => ids.has(id))).toBe(true)
  })

  it('a loop leaves out connections that have ended meanwhile', async () => {
    const peers = [await join(1), await join(1)]
    let met = 0
    for (const _ of live.connections()) {
      met++
      for (const each of bed.proxy.connections()) each.end('killed')
    }
    expect(met).toBe(1)
    for (const { client } of peers) await client.ended
  })

  it('a program that keeps a connection after its end is told that it is over', async () => {
    await join(100)
    const [connection] = live.connections()
    const { id } = connection!
    connection!.kill()
    await bed.recorded(1)
    expect(connection).toMatchObject({ id, isOpen: false })
    expect(connection!.facts()).toBeUndefined()
    expect(connection!.totals()).toMatchObject({ bytesUp: 100 })
    expect([connection!.end(), connection!.kill()]).toEqual([false, false])
    expect(connection!.limit({ bytesPerSecond: 5000 })).toBe(false)
  })

  it('a program changes how fast one connection may be, in both directions or in one', async () => {
    await join(10)
    const [connection] = live.connections()
    const rates = () => {
      const { up, down } = connection!.facts()!
      return [up.mostBytesPerSecond, down.mostBytesPerSecond]
    }
    expect(rates()).toEqual([undefined, undefined])
    expect(connection!.limit({ bytesPerSecond: 5000 })).toBe(true)
    expect(rates()).toEqual([5000, 5000])
    connection!.limit({ bytesPerSecond: { down: 0 } })
    expect(rates()).toEqual([5000, undefined])
  })

  it.each([
    [undefined, 'limit: order.bytesPerSecond: is missing'],
    [5000, 'limit: order: expected an object with options, found 5000'],
    [{ bytesPerSecond: '1MiB' }, 'expected a number of bytes per second, or { up, down }, found "1MiB"'],
    [{ bytesPerSecond: 5 }, 'expected 0 or bytes per second from 1024 to'],
    [{ bytesPerSecond: {} }, 'a limit needs up, down or both'],
    [{ bytesPerSecond: { upp: 1 } }, 'limit: order.bytesPerSecond.upp: is no option: did you mean "up"?'],
    [{ up: 5000 }, 'limit: order.up: is no option'],
  ])('the limit %j of a connection is refused', async (order, message) => {
    await join(10)
    const [connection] = live.connections()
    expect(() => connection!.limit(order as never)).toThrow(message)
    expect(connection!.facts()!.up.mostBytesPerSecond).toBeUndefined()
  })
}
