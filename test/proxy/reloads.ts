/** Reloads with open connections: new listeners serve, removed ones drain, and a failed reload changes nothing. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { parseAddress } from '../../src/address.js'
import { Backend } from '../support/backend.js'
import { pattern } from '../support/bytes.js'
import { connectTo, type Peer } from '../support/peer.js'
import { freePort } from '../support/programs.js'
import { Bed, type BedConfig } from './bed.js'

export function describeReloads(): void {
  let first: Backend
  let second: Backend
  let bed: Bed

  beforeEach(async () => {
    first = await Backend.listen()
    second = await Backend.listen()
  })
  afterEach(async () => {
    await bed.end()
    await Promise.all([first.close(), second.close()])
  })

  const front = { name: 'front', address: '127.0.0.1:0', cluster: 'a' }
  const clusters = () => ({ a: { backends: [first.address] }, b: { backends: [second.address] } })
  const start = async (more: BedConfig = {}): Promise<void> => {
    bed = await Bed.start({ listeners: [front], clusters: clusters(), ...more })
  }

  async function talk(client: Peer, peer: Peer): Promise<void> {
    const [had, got] = [peer.received.length, client.received.length]
    client.send(pattern(had, 100))
    await peer.receive(had + 100)
    peer.send(pattern(got, 100))
    await client.receive(got + 100)
  }

  it('a reload that moves a listener to another address keeps its connections', async () => {
    const at = async () => ({ ...front, address: `127.0.0.1:${await freePort()}` })
    await start({ listeners: [await at()], timeouts: { drainMs: 50 } })
    const client = await bed.connect()
    const peer = await first.accepted()
    const elsewhere = await at()
    vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval'] })
    await bed.reload({ listeners: [elsewhere] })
    vi.advanceTimersByTime(200)
    vi.useRealTimers()
    await talk(client, peer)
    expect(bed.proxy.status().drains).toEqual([])
    for (const each of [client, peer]) each.end()
    expect((await bed.recorded(1))[0]!.ended.cause).toBe('finished')
  })

  it('a reload sends new clients to another cluster and keeps established connections', async () => {
    await start()
    const early = await bed.connect()
    const earlyPeer = await first.accepted()
    await talk(early, earlyPeer)
    const reloaded = await bed.reload({ listeners: [{ ...front, cluster: 'b' }] })
    expect(reloaded).toEqual({ changed: ['listeners.front'], needsRestart: [] })
    const late = await bed.connect()
    const latePeer = await second.accepted()
    await talk(late, latePeer)
    await talk(early, earlyPeer)
    for (const peer of [early, earlyPeer, late, latePeer]) peer.end()
    const records = await bed.recorded(2)
    expect(records.map(({ cluster }) => cluster).sort()).toEqual(['a', 'b'])
    expect(records).toMatchObject([{ termination: '--' }, { termination: '--' }])
    expect(bed.proxy.status()).toMatchObject({
      listeners: [{ name: 'front', accepted: 2, ended: 2 }],
      clusters: [
        { name: 'a', ended: 1, traffic: { bytesUp: 200, bytesDown: 200 } },
        { name: 'b', ended: 1, traffic: { bytesUp: 100, bytesDown: 100 } },
      ],
      config: { reloads: 1, failedReloads: 0 },
    })
  })

  it('a reload opens new listeners, and drains removed ones until the deadline', async () => {
    await start({ timeouts: { drainMs: 300 } })
    const address = parseAddress(bed.address())
    const early = await bed.connect()
    const peer = await first.accepted()
    await talk(early, peer)
    early.sendForEver(pattern(9, 65_536))
    peer.pause()
    await bed.reload({ listeners: [{ ...front, name: 'other', cluster: 'b' }] })
    await expect(connectTo(address as Exclude<typeof address, string>)).rejects.toThrow('ECONNREFUSED')
    const late = await bed.connect()
    await talk(late, await second.accepted())
    expect(await early.ended).toMatch(/ECONNRESET|EPIPE/)
    const [record] = await bed.recorded(1)
    expect(record).toMatchObject({ listener: 'front', cluster: 'a', ended: { cause: 'drained' } })
    expect(bed.proxy.status().listeners).toMatchObject([{ name: 'other', active: 1 }])
  })

  it('a reload that renames a listener keeps its listening socket', async () => {
    const taken = await Backend.listen()
    await taken.close()
    const address = `127.0.0.1:${taken.port}`
    await start({ listeners: [{ ...front, address }] })
    await bed.reload({ listeners: [{ ...front, name: 'renamed', address }] })
    const listening = bed.logged.filter(({ message }) => message.startsWith('listening on'))
    expect(listening).toHaveLength(1)
    const client = await bed.connect()
    await talk(client, await first.accepted())
    client.end()
    expect(await bed.recorded(0)).toEqual([])
    expect(bed.proxy.status().listeners).toMatchObject([{ name: 'renamed', address, accepted: 1 }])
  })

  it.each([
    ['a bad config', () => ({ clusters: { a: { backends: [] } } }), 'config-invalid'],
    [
      'an address that is taken',
      () => ({ listeners: [front, { ...front, name: 'new', address: second.address }] }),
      'listen-failed',
    ],
  ])('a reload with %s changes nothing', async (_, changes, code) => {
    await start()
    const before = bed.proxy.status()
    await expect(bed.reload(changes())).rejects.toMatchObject({ code })
    const { listeners, clusters, config } = bed.proxy.status()
    expect({ listeners, clusters }).toEqual({ listeners: before.listeners, clusters: before.clusters })
    expect(config).toEqual({ ...before.config, failedReloads: 1 })
    await talk(await bed.connect(), await first.accepted())
  })

  it('a reload keeps a backend with its connections and counts, and gives a removed one no clients', async () => {
    const gone = await Backend.listen()
    await start({ clusters: { a: { backends: [first.address, gone.address] } } })
    const clients = [await bed.connect(), await bed.connect()]
    await talk(clients[0]!, await first.accepted())
    const peer = await gone.accepted()
    await bed.reload({
      clusters: { a: { backends: [{ address: first.address, weight: 2 }, second.address] } },
    })
    await talk(clients[1]!, peer)
    expect(bed.proxy.status().clusters[0]!.backends).toMatchObject([
      { address: first.address, weight: 2, active: 1, connections: 1 },
      { address: second.address, weight: 1, active: 0, connections: 0 },
      { address: gone.address, isLeaving: true, active: 1, connections: 1 },
    ])
    for (let i = 0; i < 3; i++) clients.push(await bed.connect())
    await Promise.all([first.accepted(), first.accepted(), second.accepted()])
    expect(gone.peers).toHaveLength(1)
    await gone.close()
  })

  it('a reload changes the timeouts of later connections only', async () => {
    await start()
    const early = await bed.connect()
    await first.accepted()
    await bed.reload({ timeouts: { idleMs: 40 } })
    const late = await bed.connect()
    await first.accepted()
    await late.ended
    expect(await bed.recorded(1)).toMatchObject([{ ended: { cause: 'idle-timeout' } }])
    expect(early.received).toHaveLength(0)
    expect(bed.proxy.status().connections.active).toBe(1)
  })

  it('a drained listener stays closed whatever a reload says, until an operator opens it', async () => {
    await start()
    expect(await bed.proxy.drain({ listener: 'front' })).toEqual({ finished: 0, closed: 0, cut: 0 })
    expect(bed.proxy.status()).toMatchObject({ state: 'running', listeners: [{ isListening: false }] })
    expect(await bed.reload({})).toEqual({ changed: [], needsRestart: [] })
    expect(bed.proxy.status()).toMatchObject({ listeners: [{ isListening: false }] })
    const elsewhere = await Backend.listen()
    await elsewhere.close()
    await bed.reload({ listeners: [{ ...front, address: elsewhere.address }] })
    expect(bed.proxy.status()).toMatchObject({ listeners: [{ isListening: false }] })
    await expect(bed.control.changeListener('frnt', { state: 'up' })).rejects.toThrow('did you mean "front"')
    await bed.control.changeListener('front', { state: 'up' })
    expect(bed.proxy.status()).toMatchObject({
      listeners: [{ address: elsewhere.address, isListening: true }],
    })
    await talk(await bed.connect(), await first.accepted())
  })

  it('a reload fails if a new address conflicts with a listener of this proxy, and the error names it', async () => {
    const taken = await Backend.listen()
    await taken.close()
    await start({ listeners: [{ ...front, address: `127.0.0.1:${taken.port}` }] })
    const listeners = [{ ...front, address: `0.0.0.0:${taken.port}` }]
    await expect(bed.reload({ listeners })).rejects.toThrow(
      `while listener front of this proxy listens on 127`,
    )
    await talk(await bed.connect(), await first.accepted())
  })

  it('reloads happen one after the other, and a stopped proxy refuses them', async () => {
    await start()
    const ways = ['b', 'a', 'b'].map((cluster) => bed.reload({ listeners: [{ ...front, cluster }] }))
    for (const way of ways) expect(await way).toMatchObject({ changed: ['listeners.front'] })
    await talk(await bed.connect(), await second.accepted())
    expect(await bed.reload({ workers: 2 })).toMatchObject({ needsRestart: ['workers'] })
    expect(await bed.reload({ workers: 2 })).toEqual({ changed: [], needsRestart: ['workers'] })
    expect(await bed.reload({})).toEqual({ changed: [], needsRestart: [] })
    await bed.proxy.stop()
    await expect(bed.reload({})).rejects.toMatchObject({ code: 'wrong-state' })
  })
}
