/** Live connections go from proxy to proxy, and no peer notices. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { kernelLoop } from '../../src/io/choose-engine.js'
import { KernelLoop } from '../../src/io/kernel/kernel-loop.js'
import { CountsOfAnother, countedIn } from '../../src/limits/counts/counts-of-another.js'
import { createOwnCounts, OwnCountsTable } from '../../src/limits/counts/own-counts.js'
import { scopeOfBackend } from '../../src/limits/scope.js'
import type { RunningProxy } from '../../src/proxy/running-proxy.js'
import { pattern } from '../support/bytes.js'
import { openedSince, openFds } from '../support/fds.js'
import { temporaryFolder } from '../support/folder.js'
import { trimPipes } from '../support/rig.js'
import { turns } from '../support/wait.js'
import { HandOverRig } from './hand-over-rig.js'

const MIB = 1024 * 1024
const folder = temporaryFolder()
const hasAddon = kernelLoop() instanceof KernelLoop

describe.runIf(hasAddon)('a hand-over', () => {
  let rig: HandOverRig
  let before: readonly string[]
  beforeEach(async () => {
    before = openFds()
    rig = await HandOverRig.begin(folder)
  })
  afterEach(async () => {
    await rig.end()
    trimPipes()
    expect(openedSince(before)).toEqual([])
  })

  const active = (proxy: RunningProxy): number => proxy.status().connections.active
  const pinned = (): number => (kernelLoop() as KernelLoop).native.count().pinnedBytes

  test('a connection goes on in the other proxy, both ways, and then ends there', async () => {
    const [a, b] = [await rig.proxy(), await rig.proxy()]
    const { client, backend } = await rig.join(a)
    expect(await rig.give(a, b)).toBe(1)
    expect([active(a), active(b)]).toEqual([0, 1])
    client.send(Buffer.from(' again'))
    backend.send(Buffer.from('answer'))
    await Promise.all([backend.receive(11), client.receive(6)])
    client.end()
    backend.end()
    expect(await Promise.all([client.ended, backend.ended])).toEqual(['fin', 'fin'])
    expect([active(a), active(b)]).toEqual([0, 0])
  })

  for (const splice of ['on', 'auto', 'off'] as const) {
    test(`64 MiB arrive unchanged while the connection moves again and again, with splice ${splice}`, async () => {
      const [a, b] = [await rig.proxy({ splice }), await rig.proxy({ splice })]
      const { client, backend } = await rig.join(a)
      const bytes = pattern(1, 64 * MIB)
      backend.send(bytes)
      let [moves, holders] = [0, [a, b]]
      for (let step = 1; step <= 64; step++) {
        await client.receive(step * MIB)
        if ((await rig.give(holders[0]!, holders[1]!)) === 1) {
          moves += 1
          holders = holders.toReversed()
        }
      }
      expect(client.missingFrom(backend)).toBeUndefined()
      expect(moves).toBeGreaterThan(1)
      const sum = a.status().connections.bytesDown + b.status().connections.bytesDown
      expect(sum).toBe(64 * MIB)
    })
  }

  test('bytes that wait in a kernel pipe go along, and count as pinned only where they are', async () => {
    const [a, b] = [await rig.proxy({ splice: 'on' }), await rig.proxy({ splice: 'on' })]
    const { client, backend } = await rig.join(a)
    client.pause()
    backend.send(pattern(2, 16 * MIB))
    while (pinned() === 0) await turns(5)
    const wasPinned = pinned()
    expect(await rig.give(a, b)).toBe(1)
    expect(pinned()).toBe(wasPinned)
    client.resume()
    await client.receive(16 * MIB)
    expect(client.missingFrom(backend)).toBeUndefined()
    expect(pinned()).toBe(0)
  })

  test('a half-closed connection still gets its answer after it has moved, and one FIN', async () => {
    const [a, b] = [await rig.proxy(), await rig.proxy()]
    const { client, backend } = await rig.join(a)
    client.end()
    expect(await backend.ended).toBe('fin')
    expect(await rig.give(a, b)).toBe(1)
    backend.send(Buffer.from('a late answer'))
    await client.receive(13)
    backend.end()
    expect(await client.ended).toBe('fin')
    expect(rig.records).toMatchObject([{ ended: { by: 'client', cause: 'finished' } }])
  })

  test('one record says everything about a connection that has moved twice', async () => {
    const [a, b] = [await rig.proxy(), await rig.proxy()]
    const { client, backend } = await rig.join(a)
    const [first] = a.connections()
    const id = a.ids.tell(first!)
    const { acceptedAt } = first!.facts()
    await rig.give(a, b)
    backend.send(Buffer.from('12345678'))
    await client.receive(8)
    await rig.give(b, a)
    client.end()
    backend.end()
    await Promise.all([client.closed, backend.closed])
    while (rig.records.length === 0) await turns(1)
    expect(rig.records).toMatchObject([
      { id, listener: 'front', cluster: 'back', bytesUp: 5, bytesDown: 8, ended: { cause: 'finished' } },
    ])
    const startedAt = Date.parse(String(rig.records[0]!.startedAt))
    expect(Math.abs(startedAt - acceptedAt)).toBeLessThan(20)
  })

  test('what a PROXY header has said of the client is in the record of the process that writes it', async () => {
    const listeners = [
      { name: 'front', address: '127.0.0.1:0', cluster: 'back', acceptProxy: { from: ['127.0.0.1/32'] } },
    ]
    const [a, b] = [await rig.proxy({ listeners }), await rig.proxy({ listeners })]
    const { client, backend } = await rig.join(a, 'PROXY TCP4 192.0.2.9 192.0.2.1 1000 443\r\n')
    expect(await rig.give(a, b)).toBe(1)
    client.end()
    backend.end()
    await Promise.all([client.closed, backend.closed])
    while (rig.records.length === 0) await turns(1)
    expect(rig.records).toMatchObject([
      { client: '192.0.2.9:1000', proxy: { version: 1, destination: '192.0.2.1:443' }, cluster: 'back' },
    ])
  })

  test('counts of both proxies together are those of one: accepted once, ended once, each byte once', async () => {
    const [a, b] = [await rig.proxy(), await rig.proxy()]
    const { client, backend } = await rig.join(a)
    await rig.give(a, b)
    backend.send(Buffer.from('12345678'))
    await client.receive(8)
    const [listenerOfA, listenerOfB] = [a, b].map((proxy) => proxy.status().listeners[0]!)
    expect(listenerOfA).toMatchObject({
      accepted: 1,
      ended: 0,
      active: 0,
      handedOver: 0,
      traffic: { bytesUp: 5 },
    })
    expect(listenerOfB).toMatchObject({ accepted: 0, ended: 0, active: 1, handedOver: 1 })
    expect(listenerOfB!.traffic).toMatchObject({ bytesUp: 0, bytesDown: 8 })
    const backends = [a, b].map((proxy) => proxy.status().clusters[0]!.backends[0]!)
    expect(backends).toMatchObject([
      { active: 0, connections: 1 },
      { active: 1, connections: 0 },
    ])
  })

  test('a connection to a cluster that the other proxy does not have stays, and goes on', async () => {
    const a = await rig.proxy()
    const b = await rig.proxy({
      listeners: [{ name: 'front', address: '127.0.0.1:0', cluster: 'other' }],
      clusters: { other: { backends: [rig.backend.address] } },
    })
    const { client, backend } = await rig.join(a)
    expect(await rig.give(a, b)).toBe(0)
    expect([active(a), active(b)]).toEqual([1, 0])
    backend.send(Buffer.from('still here'))
    await client.receive(10)
  })

  test('a connection takes its places in limits along, even if there are none left', async () => {
    const limits = { limits: { maxConnections: 1 } }
    const [a, b] = [await rig.proxy(limits), await rig.proxy(limits)]
    await rig.join(a)
    await rig.join(b)
    expect(await rig.give(a, b)).toBe(1)
    const held = [a, b].map((proxy) => proxy.limiting.limiter.held('process'))
    expect(held).toEqual([0, 2])
  })

  test('a connection that moves has one place in limits of the proxy and of its backend, before the other process is told and after', async () => {
    const config = {
      limits: { maxConnections: 2 },
      clusters: { back: { backends: [{ address: rig.backend.address, maxConnections: 2 }] } },
    }
    const table = new OwnCountsTable({ sources: 10, processes: 2 })
    const others = new CountsOfAnother(table.view(1))
    const counts = createOwnCounts({ sources: 10 })
    const [a, b] = [await rig.proxy(config, counts), await rig.proxy(config, table.view(0))]
    const scopes = ['process', scopeOfBackend('back', rig.backend.address)]
    const tell = (): void =>
      others.update(
        countedIn(
          counts,
          scopes.map((scope) => ({ scope, isOfSources: false })),
          0,
        ),
      )
    const held = (): number[] => scopes.map((scope) => table.view(0).held({ scope }))
    const { client, backend } = await rig.join(a)
    tell()
    expect(await rig.give(a, b)).toBe(1)
    expect(held()).toEqual([1, 1])
    tell()
    expect(held()).toEqual([1, 1])
    client.end()
    backend.end()
    await Promise.all([client.closed, backend.closed])
    while (active(b) > 0) await turns(1)
    expect(held()).toEqual([0, 0])
  })

  test('a connection keeps the rate that an operator has given it', async () => {
    const [a, b] = [await rig.proxy(), await rig.proxy()]
    await rig.join(a)
    const [connection] = a.connections()
    a.limit(a.ids.tell(connection!), { down: 123_456 })
    await rig.give(a, b)
    expect(b.limiting.bandwidth.orderedFor(b.connections()[0]!)).toEqual({ down: 123_456 })
  })

  test('with handOver.afterMs only older connections move, and with handOver: false none', async () => {
    const b = await rig.proxy()
    const young = await rig.proxy({ handOver: { afterMs: '1h' } })
    const none = await rig.proxy({ handOver: false })
    await rig.join(young)
    await rig.join(none)
    expect([await rig.give(young, b), await rig.give(none, b)]).toEqual([0, 0])
    await rig.join(b)
    expect(await rig.give(b, none)).toBe(0)
  })

  test('three hundred connections move in several batches', async () => {
    const [a, b] = [await rig.proxy(), await rig.proxy()]
    const joined = []
    for (let count = 0; count < 300; count++) joined.push(await rig.join(a))
    expect(await rig.give(a, b)).toBe(300)
    for (const { client, backend } of joined) {
      backend.send(Buffer.from('x'))
      await client.receive(1)
    }
  })

  test('a drain of the proxy ends once its last connection has moved', async () => {
    const [a, b] = [await rig.proxy(), await rig.proxy()]
    await rig.join(a)
    const drained = a.drain()
    await rig.give(a, b)
    expect(await drained).toMatchObject({ cut: 0, closed: 0 })
    expect(active(b)).toBe(1)
  })
})
