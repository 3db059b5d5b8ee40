/** Discovered backends, which no config names: they serve, operators see and set them, and no reload removes them. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type Address, parseAddress } from '../../src/address.js'
import { Backend } from '../support/backend.js'
import { pattern } from '../support/bytes.js'
import type { Peer } from '../support/peer.js'
import { Bed } from './bed.js'

export function describeDiscovered(): void {
  let configured: Backend
  let found: Backend
  let bed: Bed

  beforeEach(async () => {
    configured = await Backend.listen()
    found = await Backend.listen()
    bed = await Bed.start({
      listeners: [{ name: 'front', address: '127.0.0.1:0', cluster: 'a' }],
      clusters: { a: { backends: [configured.address] } },
    })
    bed.proxy.clusters.provide('a', 'discovered', [
      { address: parseAddress(found.address) as Address, weight: 1 },
    ])
  })
  afterEach(async () => {
    await bed.end()
    await Promise.all([configured.close(), found.close()])
  })

  const told = () => bed.proxy.status().clusters[0]!.backends
  const set = (state: 'up' | 'drain' | 'maint') => bed.control.changeBackend('a', found.address, { state })

  /** Connects a client to the discovered backend. The other one is set to drain, so it gets no clients. */
  async function joinFound(): Promise<{ client: Peer; peer: Peer }> {
    await bed.control.changeBackend('a', configured.address, { state: 'drain' })
    const client = await bed.connect()
    client.send(pattern(1, 10))
    const peer = await found.accepted()
    await peer.receive(10)
    return { client, peer }
  }

  it('a discovered backend stays over a reload with its connections, and gets new clients', async () => {
    await joinFound()
    const third = await Backend.listen()
    await bed.reload({ clusters: { a: { backends: [third.address] } } })
    expect(told()).toMatchObject([
      { address: third.address, isLeaving: false },
      { address: found.address, isLeaving: false, active: 1 },
    ])
    await bed.connect()
    await bed.connect()
    await Promise.all([third.accepted(), found.accepted()])
    await third.close()
  })

  it('a discovered backend stays as an operator has set it, over reloads and new discoveries', async () => {
    await bed.control.changeBackend('a', found.address, { state: 'drain', weight: 5 })
    await bed.reload({})
    const address = parseAddress(found.address) as Address
    bed.proxy.clusters.provide('a', 'discovered', [{ address, weight: 1 }])
    expect(told()[1]).toMatchObject({ address: found.address, setTo: 'drain', weight: 5 })
    const clients = [await bed.connect(), await bed.connect()]
    await Promise.all([configured.accepted(), configured.accepted()])
    expect(found.peers).toEqual([])
    for (const { socket } of clients) socket.destroy()
  })

  it('a discovered backend is drained by its name, and the proxy stays ready', async () => {
    const { client } = await joinFound()
    const order = { cluster: 'a', backend: found.address, deadlineMs: 20 }
    expect(await bed.proxy.drain(order)).toEqual({ finished: 0, closed: 1, cut: 0 })
    expect(await client.ended).toBe('fin')
    expect(bed.proxy.readiness().isReady).toBe(true)
  })

  it('a backend that is discovered no more is known until its last connection ends', async () => {
    const { client, peer } = await joinFound()
    bed.proxy.clusters.provide('a', 'discovered', [])
    expect(told()).toMatchObject([
      { address: configured.address, isLeaving: false },
      { address: found.address, isLeaving: true, active: 1 },
    ])
    expect(await set('drain')).toMatchObject({ address: found.address, setTo: 'drain' })
    client.end()
    peer.end()
    await bed.recorded(1)
    const sentence = `there is no backend "${found.address}" in cluster "a"`
    await expect(set('up')).rejects.toThrow(sentence)
    const order = { cluster: 'a', backend: found.address }
    await expect(bed.proxy.drain(order)).rejects.toThrow(sentence)
    expect(told()).toHaveLength(1)
    expect(bed.proxy.status().clusters[0]!.pastBackends).toMatchObject([{ connections: 1 }])
  })
}
