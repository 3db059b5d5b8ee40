/** How fast connections are and how many bytes they may move. Times are not measured: the bench does that. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { ListenerInput } from '../../src/config/listener-input.js'
import { Backend } from '../support/backend.js'
import { pattern } from '../support/bytes.js'
import { Bed } from './bed.js'
import type { EngineKind } from './suite.js'

const KIB = 1024
const MIB = 1024 * KIB

export function describeBandwidth(engine: EngineKind): void {
  let backend: Backend
  let bed: Bed

  beforeEach(async () => {
    backend = await Backend.listen()
  })
  afterEach(() => bed.end())

  async function limited(
    limits: ListenerInput['limits'],
    listener: Partial<ListenerInput> = {},
  ): Promise<void> {
    bed = await Bed.start({
      backends: [backend],
      listeners: [{ name: 'front', address: '127.0.0.1:0', cluster: 'back', limits, ...listener }],
    })
  }

  /** A client sends, and its bytes arrive at the backend. */
  async function upload(bytes: Buffer): Promise<void> {
    const client = await bed.connect()
    client.send(bytes)
    client.end()
    const peer = await backend.accepted()
    await peer.ended
    peer.end()
    expect(peer.missingFrom(client)).toBeUndefined()
  }

  it('connections that share a rate lose no byte, and a record says which limit made them slower', async () => {
    await limited({ bytesPerSecond: 4 * MIB })
    await Promise.all(Array.from({ length: 3 }, (_, seed) => upload(pattern(seed, MIB))))
    for (const record of await bed.recorded(3)) {
      expect(record).toMatchObject({ bytesUp: MIB, ended: { cause: 'finished' } })
      expect(record.limited?.up).toMatchObject({ by: 'listener', waitedMs: expect.any(Number) })
    }
  })

  it('a connection with a rate of its own loses no byte', async () => {
    await limited({ perConnection: { bytesPerSecond: { up: 4 * MIB, down: 0 } } })
    await upload(pattern(1, MIB))
    const [record] = await bed.recorded(1)
    expect(record?.limited).toMatchObject({ up: { by: 'connection', bytesPerSecond: 4 * MIB } })
    expect(record?.limited?.up?.waitedMs === undefined).toBe(engine === 'kernel')
  })

  it('a connection below its limits has nothing about them in its record', async () => {
    await limited({ bytesPerSecond: 100 * MIB, perSource: { bytesPerSecond: 100 * MIB } })
    await upload(pattern(1, 5 * KIB))
    const [record] = await bed.recorded(1)
    expect(record?.limited).toBeUndefined()
  })

  it('sources share a rate among their own connections', async () => {
    await limited({ perSource: { bytesPerSecond: 4 * MIB } })
    await Promise.all([upload(pattern(1, MIB)), upload(pattern(2, MIB))])
    for (const record of await bed.recorded(2)) expect(record.limited?.up).toMatchObject({ by: 'source' })
  })

  it('a connection ends with the cause quota when both directions have moved maxBytes', async () => {
    await limited({ perConnection: { maxBytes: 100 * KIB } })
    const client = await bed.connect()
    client.send(pattern(1, 40 * KIB))
    const peer = await backend.accepted()
    await peer.receive(40 * KIB)
    peer.send(pattern(2, 200 * KIB))
    await Promise.all([client.ended, peer.ended])
    const [record] = await bed.recorded(1)
    expect(record).toMatchObject({ bytesUp: 40 * KIB, bytesDown: 60 * KIB })
    expect(record).toMatchObject({ ended: { by: 'proxy', phase: 'data', cause: 'quota' }, termination: 'KD' })
    expect(client.receivedBytes).toBe(60 * KIB)
  })

  it('a source that has moved its bytes of the day loses its connections, and gets no new ones', async () => {
    await limited({ perSource: { bytesPerDay: 100 * KIB } })
    const client = await bed.connect()
    client.send(pattern(1, 200 * KIB))
    await client.ended
    expect(await bed.turnedAway()).toBe('ECONNRESET')
    const records = await bed.recorded(2)
    const cause = expect.stringMatching(/^source-limit: bytes-today/)
    expect(records[0]).toMatchObject({ bytesUp: 200 * KIB, ended: { by: 'proxy', phase: 'data', cause } })
    expect(records[1]).toMatchObject({ bytesUp: 0, ended: { by: 'proxy', phase: 'opening', cause } })
  })

  it('a reload changes a shared rate for connections that are open', async () => {
    await limited({ bytesPerSecond: KIB })
    const sent = upload(pattern(1, 2 * MIB))
    await backend.connected()
    const limits = { bytesPerSecond: 500 * MIB }
    await bed.reload({ listeners: [{ name: 'front', address: '127.0.0.1:0', cluster: 'back', limits }] })
    await sent
    await bed.recorded(1)
  })

  it('a reload changes all limits of a connection that is open, and keeps the rate that an operator set', async () => {
    const listeners = (limits: ListenerInput['limits']) => [
      { name: 'front', address: '127.0.0.1:0', cluster: 'back', limits },
    ]
    bed = await Bed.start({ backends: [backend], listeners: listeners({}) })
    const client = await bed.connect()
    const peer = await backend.accepted()
    client.send(pattern(1, 40 * KIB))
    await peer.receive(40 * KIB)
    const connection = bed.proxy.connections()[0]!
    bed.proxy.limit(bed.proxy.ids.tell(connection), { up: 20 * MIB })
    const rates = async () => {
      const { connections } = await bed.control.connections({})
      return [connections[0]!.up.mostBytesPerSecond, connections[0]!.down.mostBytesPerSecond]
    }
    await bed.reload({
      listeners: listeners({ perConnection: { bytesPerSecond: MIB }, bytesPerSecond: 9 * MIB }),
    })
    expect(await rates()).toEqual([20 * MIB, MIB])
    expect(connection.pipe?.limits?.down.isMetering).toBe(true)
    await bed.reload({ listeners: listeners({ perSource: { bytesPerDay: 100 * KIB } }) })
    expect(await rates()).toEqual([20 * MIB, undefined])
    client.send(pattern(2, 90 * KIB))
    await peer.receive(130 * KIB)
    expect(bed.proxy.sources().sources).toMatchObject([{ connections: 1 }])
    await bed.reload({ listeners: listeners({ perConnection: { maxBytes: 150 * KIB } }) })
    client.send(pattern(3, 90 * KIB))
    await client.ended
    const [record] = await bed.recorded(1)
    expect(record).toMatchObject({ bytesUp: 150 * KIB, ended: { cause: 'quota' } })
  })

  it('an operator limits an open connection, which then moves on at another rate', async () => {
    bed = await Bed.start({ backends: [backend] })
    const client = await bed.connect()
    const peer = await backend.accepted()
    client.send(pattern(1, 10))
    await peer.receive(10)
    const id = bed.proxy.ids.tell(bed.proxy.connections()[0]!)
    bed.proxy.limit(id, { up: 20 * MIB, down: 8 * MIB })
    const { connections } = await bed.control.connections({})
    expect(connections[0]).toMatchObject({
      up: { mostBytesPerSecond: 20 * MIB },
      down: { mostBytesPerSecond: 8 * MIB },
    })
    peer.send(pattern(2, 2 * MIB))
    await client.receive(2 * MIB)
    bed.proxy.limit(id, { up: 0 })
    client.send(pattern(3, MIB))
    client.end()
    await peer.receive(MIB + 10)
    peer.end()
    expect(peer.missingFrom(client)).toBeUndefined()
    const [record] = await bed.recorded(1)
    expect(record?.limited?.down).toMatchObject({ by: 'connection', bytesPerSecond: 8 * MIB })
  })

  it('an order to limit a connection that does not exist, or without a rate, throws', async () => {
    bed = await Bed.start({ backends: [backend] })
    expect(() => bed.proxy.limit('none', { up: 4096 })).toThrow('there is no connection "none"')
    expect(() => bed.proxy.limit('none', {})).toThrow('a limit needs up, down or both')
    expect(() => bed.proxy.limit('none', { up: 1 })).toThrow('from 1024 to')
  })

  it('a dry run slows nobody down', async () => {
    await limited({ bytesPerSecond: KIB, dryRun: true })
    await upload(pattern(1, 2 * MIB))
    const [record] = await bed.recorded(1)
    expect(record?.limited).toBeUndefined()
  })
}
