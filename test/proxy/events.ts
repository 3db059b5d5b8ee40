/** What a proxy tells the program that it is part of. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { ConnectionRecord, LiveConnection } from '../../src/index.js'
import type { BackendDown } from '../../src/proxy/events/event-types.js'
import { ProxyEvents } from '../../src/proxy/events/proxy-events.js'
import { Backend } from '../support/backend.js'
import type { Peer } from '../support/peer.js'
import { until } from '../support/wait.js'
import { Bed, type BedConfig } from './bed.js'

export function describeEvents(): void {
  let backend: Backend
  let bed: Bed
  let events: ProxyEvents

  beforeEach(async () => {
    events = new ProxyEvents()
    backend = await Backend.listen()
  })
  afterEach(async () => {
    await bed.end()
    await backend.close()
  })

  async function start(config: BedConfig = {}): Promise<void> {
    bed = await Bed.start({ backends: [backend], ...config }, { events })
  }

  async function join(): Promise<{ client: Peer; peer: Peer }> {
    const client = await bed.connect()
    client.send(Buffer.from('x'))
    const peer = await backend.accepted()
    await peer.receive(1)
    return { client, peer }
  }

  async function pass(): Promise<void> {
    const { client, peer } = await join()
    client.end()
    peer.end()
    await client.ended
  }

  it('a listener gets each connection, and then its record with the same id', async () => {
    const told: [string, string][] = []
    events.on('connection', ({ id, isOpen }) => told.push([`open ${isOpen}`, id]))
    events.on('record', ({ id, ended, bytesUp }) => told.push([`${ended.cause} ${bytesUp}`, id]))
    await start()
    await pass()
    const [{ id }] = (await bed.recorded(1)) as unknown as [{ id: string }]
    await until(() => told.length === 2)
    expect(told).toEqual([
      ['open true', id],
      ['finished 1', id],
    ])
  })

  it('a record is what its line in the log has', async () => {
    const records: ConnectionRecord[] = []
    events.on('record', (record) => records.push(record))
    await start()
    await pass()
    await until(() => records.length === 1)
    expect(JSON.parse(JSON.stringify(records[0]))).toEqual((await bed.recorded(1))[0])
  })

  it('records come with access: false, too', async () => {
    const records: ConnectionRecord[] = []
    events.on('record', (record) => records.push(record))
    await start({ log: { access: false } })
    for (const _ of [1, 2]) await pass()
    await until(() => records.length === 2)
    expect(new Set(records.map(({ id }) => id)).size).toBe(2)
    expect(records[0]).toMatchObject({ listener: 'front', bytesUp: 1, ended: { cause: 'finished' } })
  })

  it('a listener can end connections, its own among them', async () => {
    events.on('connection', (connection) => connection.kill())
    await start()
    expect(await bed.turnedAway()).toBe('ECONNRESET')
    expect(await bed.recorded(1)).toMatchObject([{ ended: { by: 'proxy', cause: 'killed' } }])
  })

  it('a client that is turned away has a record, with or without a connection before', async () => {
    const records: ConnectionRecord[] = []
    events.on('record', (record) => records.push(record))
    await start({ backends: ['127.0.0.1:1'] })
    await bed.turnedAway()
    await until(() => records.length === 1)
    expect(records[0]!.id).toBe((await bed.recorded(1))[0]!.id)
  })

  it('once is told once, and off ends a listener', async () => {
    const told: string[] = []
    const listener = () => told.push('on')
    events.on('record', listener)
    events.once('record', () => told.push('once'))
    await start()
    await pass()
    await until(() => told.length === 2)
    events.off('record', listener)
    expect(events.wants('record')).toBe(false)
    await pass()
    await bed.recorded(2)
    expect(told).toEqual(['on', 'once'])
  })

  it('what listeners throw ends nothing, and is told once', async () => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    const met: string[] = []
    events.on('connection', () => {
      throw new Error('boom')
    })
    events.on('connection', async () => {
      throw new Error('later')
    })
    events.on('connection', ({ id }) => met.push(id))
    await start()
    for (const _ of [1, 2]) await pass()
    expect(met).toHaveLength(2)
    expect(warned.mock.calls).toEqual([
      ['a listener for the event connection of a proxy failed: boom', { code: 'MILLRACE_LISTENER_FAILED' }],
    ])
    warned.mockRestore()
  })

  it('a listener is told that a backend is down, why, and that it is back', async () => {
    const down: BackendDown[] = []
    const up: string[] = []
    events.on('backendDown', (news) => down.push(news))
    events.on('backendUp', (news) => up.push(news.backend))
    await start({ clusters: { back: { backends: ['127.0.0.1:1'], health: { eject: { failures: 1 } } } } })
    await bed.turnedAway()
    await until(() => down.length > 0)
    expect(down[0]).toMatchObject({
      cluster: 'back',
      backend: '127.0.0.1:1',
      judgedBy: 'connects',
      reason: 'L4CON',
      detail: 'ECONNREFUSED',
      restMs: expect.any(Number),
    })
    const found = bed.proxy.clusters.get('back')!
    found.judge.connected(found.backends[0]!)
    await until(() => up.length > 0)
    expect(up).toEqual(['127.0.0.1:1'])
  })

  it('a reader gets each record until the proxy ends', async () => {
    await start()
    const reader = events.records(undefined)
    for (const _ of [1, 2, 3]) await pass()
    await bed.recorded(3)
    await bed.proxy.stop()
    events.end()
    const read: string[] = []
    for await (const { id } of reader) read.push(id)
    expect(read).toEqual(bed.records.map(({ id }) => id))
    expect(reader.missed).toBe(0)
    for await (const _ of events.records(5)) expect.unreachable('the proxy has ended')
  })

  it('a reader that is slow misses records, which are counted, and one that stops costs nothing', async () => {
    await start()
    const reader = events.records(2)
    for (const _ of [1, 2, 3, 4]) await pass()
    await bed.recorded(4)
    await until(() => reader.missed === 2)
    const read: string[] = []
    for await (const { id } of reader) {
      read.push(id)
      if (read.length === 2) break
    }
    expect(read).toEqual(bed.records.slice(0, 2).map(({ id }) => id))
    await until(() => !events.wants('record'))
  })

  it('the channels of node:diagnostics_channel tell the same', async () => {
    const told: unknown[] = []
    const hear = (message: unknown): unknown => told.push(message)
    subscribe('millrace:connection', hear)
    subscribe('millrace:record', hear)
    await start()
    await pass()
    await until(() => told.length === 2)
    unsubscribe('millrace:connection', hear)
    unsubscribe('millrace:record', hear)
    const [connection, record] = told as [LiveConnection, ConnectionRecord]
    expect(connection).toMatchObject({ id: record.id, isOpen: false })
    expect(record).toMatchObject({ ended: { cause: 'finished' }, termination: '--' })
    expect([events.wants('connection'), events.wants('record')]).toEqual([false, false])
  })

  it('route functions and listeners see the AsyncLocalStorage of the start', async () => {
    const storage = new AsyncLocalStorage<string>()
    const seen: string[] = []
    const see = (who: string) => seen.push(`${who} ${storage.getStore()}`)
    events.on('connection', () => see('connection'))
    events.on('record', () => see('record'))
    await storage.run('of the start', async () => {
      events.enterContext()
      await start({
        listeners: [
          {
            address: '127.0.0.1:0',
            route: async (visitor) => {
              see('route')
              await visitor.peek(1)
              see('later')
              return 'back'
            },
          },
        ],
      })
    })
    await storage.run('of the client', pass)
    await until(() => seen.length === 4)
    expect(seen.sort()).toEqual([
      'connection of the start',
      'later of the start',
      'record of the start',
      'route of the start',
    ])
  })

  it('a proxy without listeners makes nothing for them', async () => {
    await start()
    const tell = vi.spyOn(events, 'tell')
    await pass()
    await bed.recorded(1)
    expect(tell).not.toHaveBeenCalled()
  })
}
