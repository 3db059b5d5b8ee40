/** What operators see of running connections, and what they can do to them. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Backend } from '../support/backend.js'
import { pattern } from '../support/bytes.js'
import type { Peer } from '../support/peer.js'
import { Bed } from './bed.js'
import type { EngineKind } from './suite.js'

export function describeOperators(engine: EngineKind): void {
  let backend: Backend
  let bed: Bed

  beforeEach(async () => {
    backend = await Backend.listen()
    bed = await Bed.start({
      listeners: [
        { name: 'one', address: '127.0.0.1:0', cluster: 'a' },
        { name: 'two', address: '127.0.0.1:0', route: () => 'a' },
      ],
      clusters: { a: { backends: [backend.address] } },
    })
  })
  afterEach(async () => {
    await bed.end()
    await backend.close()
  })

  async function join(listener: number, bytes: number): Promise<{ client: Peer; peer: Peer }> {
    const client = await bed.connect(listener)
    client.send(pattern(1, bytes))
    const peer = await backend.accepted()
    await peer.receive(bytes)
    return { client, peer }
  }

  it('an operator gets a list of connections with all that is known of them', async () => {
    await join(0, 5000)
    const { connections, matched } = await bed.control.connections({})
    expect(matched).toBe(1)
    expect(connections).toEqual([
      {
        id: expect.stringMatching(/^[0-9A-Z]{26}$/),
        listener: 'one',
        protocol: 'TCP',
        client: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
        cluster: 'a',
        backend: backend.address,
        backendAddress: backend.address,
        sni: undefined,
        phase: 'data',
        startedAt: expect.stringMatching(/^20.*Z$/),
        ageMs: expect.any(Number),
        idleMs: expect.any(Number),
        up: {
          bytes: 5000,
          splicedBytes: 0,
          bytesPerSecond: expect.any(Number),
          carrier: engine === 'kernel' ? 'copy' : 'stream',
          notSplicing: engine === 'kernel' ? 'small' : 'switched-off',
        },
        down: expect.objectContaining({ bytes: 0, bytesPerSecond: 0 }),
        limitedBy: engine === 'kernel' ? expect.any(String) : undefined,
        limitedShares: undefined,
      },
    ])
    expect(connections[0]!.up.bytesPerSecond).toBeGreaterThan(0)
  })

  it('an operator gets the list of connections in the asked order, up to the asked number', async () => {
    for (const bytes of [100, 3000, 20]) await join(0, bytes)
    const bytesOf = async (query: object) =>
      (await bed.control.connections(query)).connections.map(({ up }) => up.bytes)
    expect(await bytesOf({ sort: 'bytes' })).toEqual([3000, 100, 20])
    expect(await bytesOf({ sort: 'age' })).toEqual([100, 3000, 20])
    expect(await bytesOf({ sort: 'bytes', limit: 1 })).toEqual([3000])
    expect(await bytesOf({ sort: 'bytes', limit: 2 })).toEqual([3000, 100])
    expect(await bytesOf({ sort: 'age', limit: 2 })).toEqual([100, 3000])
    expect(await bed.control.connections({ limit: 1 })).toMatchObject({ matched: 3 })
  })

  it.each([
    [{ listener: 'two' }, 1],
    [{ listener: 'three' }, 0],
    [{ cluster: 'a' }, 2],
    [{ client: '127.0.0.0/8' }, 2],
    [{ client: '10.0.0.0/8' }, 0],
    [{ olderThanMs: 3_600_000 }, 0],
    [{ idleForMs: 3_600_000 }, 0],
    [{ ids: ['01ARYZ6S410000000000000000'] }, 0],
    [{}, 2],
  ])('an operator finds by %j this many connections: %i', async (filter, count) => {
    await join(0, 10)
    await join(1, 10)
    expect((await bed.control.connections(filter)).connections).toHaveLength(count)
  })

  it('an operator kills connections by id with a reset, and their records have the same ids', async () => {
    const [mine, other] = [await join(0, 10), await join(1, 10)]
    const { connections } = await bed.control.connections({ listener: 'one' })
    const { id } = connections[0]!
    expect(await bed.control.kill({ ids: [id] })).toEqual({ killed: 1 })
    expect(await mine.client.ended).toBe('ECONNRESET')
    expect(await mine.peer.ended).toBe('ECONNRESET')
    expect(await bed.recorded(1)).toMatchObject([
      { id, ended: { by: 'proxy', phase: 'data', cause: 'killed' }, termination: 'KD' },
    ])
    expect(await bed.control.kill({ ids: [id] })).toEqual({ killed: 0 })
    expect(await bed.control.kill({ client: '127.0.0.1' })).toEqual({ killed: 1 })
    expect(await other.client.ended).toBe('ECONNRESET')
    expect(bed.proxy.status().endings.filter(({ count }) => count > 0)).toEqual([
      {
        listener: 'one',
        cluster: 'a',
        by: 'proxy',
        phase: 'data',
        cause: 'killed',
        count: 1,
        outcome: 'ordinary',
      },
      {
        listener: 'two',
        cluster: 'a',
        by: 'proxy',
        phase: 'data',
        cause: 'killed',
        count: 1,
        outcome: 'ordinary',
      },
    ])
  })

  it('an operator kills a client whose cluster is not known yet', async () => {
    await bed.end()
    bed = await Bed.start({ ...OPENING, backends: [backend] })
    const client = await bed.connect()
    const { connections } = await bed.control.connections({})
    expect(connections).toMatchObject([{ phase: 'opening', cluster: undefined, up: { bytes: 0 } }])
    await bed.control.kill({})
    expect(await client.ended).toBe('ECONNRESET')
    expect(await bed.recorded(1)).toMatchObject([{ ended: { phase: 'opening', cause: 'killed' } }])
  })

  it('an operator drains a backend, sets it up again, and changes its weight', async () => {
    const change = (state: 'up' | 'drain') => bed.control.changeBackend('a', backend.address, { state })
    const running = await join(0, 10)
    expect(await change('drain')).toMatchObject({ setTo: 'drain', active: 1 })
    expect(await bed.turnedAway()).toBe('ECONNRESET')
    running.client.send(pattern(2, 10))
    await running.peer.receive(20)
    expect(await change('up')).toMatchObject({ setTo: 'up' })
    await join(0, 10)
    const weigh = (weight: number) => bed.control.changeBackend('a', backend.address, { weight })
    expect(await weigh(0)).toMatchObject({ weight: 0 })
    expect(await bed.turnedAway()).toBe('ECONNRESET')
    expect(await weigh(5)).toMatchObject({ weight: 5 })
    await join(0, 10)
    await expect(bed.control.changeBackend('a', 'x:1', {})).rejects.toMatchObject({ code: 'unknown-name' })
    await expect(bed.control.changeBackend('x', 'x:1', {})).rejects.toMatchObject({ code: 'unknown-name' })
  })

  it('an operator changes the log level', async () => {
    expect(await bed.control.setLogLevel('debug')).toEqual({ level: 'debug' })
    expect((await bed.control.status()).logLevel).toBe('debug')
  })
}

const OPENING = {
  listeners: [
    { name: 'front', address: '127.0.0.1:0', cluster: 'back', acceptProxy: { from: ['127.0.0.1'] } },
  ],
}
