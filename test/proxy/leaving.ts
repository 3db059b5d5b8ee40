/** What a reload removes from the config is found by its name, and counts on, as long as it has connections. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { renderMetrics } from '../../src/observe/metrics/metrics.js'
import { Backend } from '../support/backend.js'
import { pattern } from '../support/bytes.js'
import { fallen, samplesOf } from '../support/exposition.js'
import type { Peer } from '../support/peer.js'
import { areMissing, freePort, run } from '../support/programs.js'
import { until } from '../support/wait.js'
import { Bed } from './bed.js'

export function describeLeaving(): void {
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
  const start = async (listeners: readonly object[] = [front]): Promise<void> => {
    const clusters = { a: { backends: [first.address] }, b: { backends: [second.address] } }
    bed = await Bed.start({ listeners: listeners as (typeof front)[], clusters })
  }

  async function join(listener = 0, backend = first): Promise<{ client: Peer; peer: Peer }> {
    const client = await bed.connect(listener)
    client.send(pattern(1, 100))
    const peer = await backend.accepted()
    await peer.receive(100)
    return { client, peer }
  }

  /** The metrics now. Checks that promtool accepts them, and that no counter is smaller than in `before`. */
  async function scraped(before = ''): Promise<string> {
    const text = renderMetrics(bed.proxy.status())
    expect(fallen(before, text)).toEqual([])
    if (!areMissing('promtool')) {
      const checked = await run('promtool', ['check', 'metrics'], { input: text })
      expect(checked).toMatchObject({ code: 0, stdout: '', stderr: '' })
    }
    return text
  }

  async function finish({ client, peer }: { client: Peer; peer: Peer }): Promise<void> {
    const { ended } = bed.proxy.status().connections
    client.end()
    peer.end()
    await until(() => bed.proxy.status().connections.ended > ended)
  }

  const names = () => bed.proxy.status().listeners.map(({ name, isLeaving }) => ({ name, isLeaving }))

  it('a listener that moves to another address keeps its counts and its connections', async () => {
    await start()
    const early = await join()
    const before = await scraped()
    await bed.reload({ listeners: [{ ...front, address: '[::1]:0' }] })
    const moved = await scraped(before)
    const late = await join()
    expect(bed.proxy.status().listeners).toMatchObject([
      {
        name: 'front',
        isListening: true,
        isLeaving: false,
        accepted: 2,
        active: 2,
        traffic: { bytesUp: 200 },
      },
    ])
    expect(await bed.control.connections({ listener: 'front' })).toMatchObject({ matched: 2 })
    await finish(early)
    const finished = '{listener="front",cluster="a",by="client",phase="data",cause="finished"}'
    const after = samplesOf(await scraped(moved))
    expect(after.get(`millrace_connections_ended_total${finished}`)).toBe(1)
    expect(after.get('millrace_listener_connections{listener="front"}')).toBe(1)
    expect(await bed.proxy.drain({ listener: 'front', deadlineMs: 20 })).toMatchObject({ closed: 1 })
    expect(await late.client.ended).toBe('fin')
  })

  it('a removed listener counts until its last connection ends, and goes on counting if it returns', async () => {
    await start([front, { ...front, name: 'other' }])
    const early = await join()
    const before = await scraped()
    await bed.reload({ listeners: [{ ...front, name: 'other' }], timeouts: { drainMs: 0 } })
    expect(names()).toEqual([
      { name: 'other', isLeaving: false },
      { name: 'front', isLeaving: true },
    ])
    const leaving = await scraped(before)
    expect(leaving).toContain('millrace_listener_connections{listener="front"} 1')
    expect(leaving).not.toContain('millrace_listener_up{listener="front"}')
    await finish(early)
    expect(names()).toEqual([{ name: 'other', isLeaving: false }])
    const gone = await scraped(leaving)
    expect(gone).toContain('millrace_connection_seconds_count{listener="front"} 1')
    expect(gone).not.toContain('millrace_listener_connections{listener="front"}')
    await bed.reload({ listeners: [front] })
    await join()
    expect(bed.proxy.status().listeners).toMatchObject([{ name: 'front', accepted: 2, ended: 1 }])
    await scraped(gone)
  })

  it('when two listeners exchange their names, connections stay with the name that accepted them', async () => {
    const [one, two] = [await freePort(), await freePort()].map((port) => `127.0.0.1:${port}`)
    const listener = (name: string, address = '') => ({ name, address, cluster: 'a' })
    await start([listener('one', one), listener('two', two)])
    const early = await join(0)
    const before = await scraped()
    await bed.reload({ listeners: [listener('one', two), listener('two', one)] })
    expect(bed.proxy.status().listeners).toMatchObject([
      { name: 'one', address: two, accepted: 1, active: 1 },
      { name: 'two', address: one, accepted: 0, active: 0 },
    ])
    await scraped(before)
    await join(1)
    expect(bed.proxy.status().listeners).toMatchObject([{ active: 1 }, { active: 1, accepted: 1 }])
    expect(await bed.control.kill({ listener: 'one' })).toEqual({ killed: 1 })
    expect(await early.client.ended).toBe('ECONNRESET')
    expect(await bed.recorded(1)).toMatchObject([{ listener: 'one' }])
  })

  it('the connections of a renamed listener are still found by its old name', async () => {
    const address = `127.0.0.1:${await freePort()}`
    await start([{ ...front, address }])
    const early = await join()
    await bed.reload({ listeners: [{ ...front, address, name: 'renamed' }] })
    expect(bed.proxy.status().listeners).toMatchObject([
      { name: 'renamed', isListening: true, active: 0, accepted: 0 },
      { name: 'front', isListening: false, isLeaving: true, active: 1, accepted: 1 },
    ])
    expect(await bed.control.connections({ listener: 'renamed' })).toMatchObject({ matched: 0 })
    expect(await bed.proxy.drain({ listener: 'front', deadlineMs: 20 })).toMatchObject({ closed: 1 })
    expect(await early.client.ended).toBe('fin')
    expect(await bed.recorded(1)).toMatchObject([{ listener: 'front' }])
    await join()
    expect(await bed.proxy.drain({ listener: 'renamed', deadlineMs: 20 })).toMatchObject({ closed: 1 })
    expect(names()).toEqual([{ name: 'renamed', isLeaving: false }])
    await expect(bed.connect()).rejects.toThrow('ECONNREFUSED')
  })

  it('a removed backend goes on until it is drained by its name, and counts on when it returns', async () => {
    await start()
    const early = await join()
    const before = await scraped()
    const backends = (...addresses: string[]) => ({ clusters: { a: { backends: addresses } } })
    await bed.reload(backends(second.address))
    expect(bed.proxy.status().clusters[0]!.backends).toMatchObject([
      { address: second.address, isLeaving: false, active: 0 },
      { address: first.address, isLeaving: true, active: 1, connections: 1, traffic: { bytesUp: 100 } },
    ])
    const leaving = await scraped(before)
    const labels = `{cluster="a",backend="${first.address}"}`
    expect(leaving).toContain(`millrace_backend_connections${labels} 1`)
    expect(leaving).not.toContain(`millrace_backend_up${labels}`)
    expect(leaving).not.toContain(`millrace_backend_in_use${labels}`)
    early.client.send(pattern(2, 10))
    await early.peer.receive(110)
    const order = { cluster: 'a', backend: first.address, deadlineMs: 20 }
    expect(await bed.proxy.drain(order)).toEqual({ finished: 0, closed: 1, cut: 0 })
    expect(bed.proxy.status().clusters[0]).toMatchObject({
      backends: [{ address: second.address }],
      pastBackends: [{ address: first.address, connections: 1, traffic: { bytesUp: 110 } }],
    })
    const gone = await scraped(leaving)
    await bed.reload(backends(first.address))
    await join()
    expect(bed.proxy.status().clusters[0]).toMatchObject({
      backends: [{ address: first.address, setTo: 'up', connections: 2, isLeaving: false }],
      pastBackends: [{ address: second.address }],
    })
    await scraped(gone)
  })

  it('a removed cluster goes on until it is drained by its name, and counts on when it returns', async () => {
    await start()
    const early = await join()
    const before = await scraped()
    const toB = { ...front, cluster: 'b' }
    await bed.reload({ listeners: [toB], clusters: { b: { backends: [second.address] } } })
    const clusters = () => bed.proxy.status().clusters.map(({ name, isLeaving }) => ({ name, isLeaving }))
    expect(clusters()).toEqual([
      { name: 'b', isLeaving: false },
      { name: 'a', isLeaving: true },
    ])
    const leaving = await scraped(before)
    const drained = bed.proxy.drain({ cluster: 'a', deadlineMs: 20 })
    expect(await drained).toEqual({ finished: 0, closed: 1, cut: 0 })
    expect(await early.client.ended).toBe('fin')
    expect(clusters()).toEqual([{ name: 'b', isLeaving: false }])
    expect(bed.proxy.status().pastClusters).toMatchObject([{ name: 'a', ended: 1 }])
    const gone = await scraped(leaving)
    await bed.reload({ listeners: [front] })
    await join()
    expect(bed.proxy.status().clusters[0]).toMatchObject({ name: 'a', ended: 1, active: 1 })
    expect(bed.proxy.status().pastClusters).toEqual([])
    await scraped(gone)
  })

  it.each([
    ['listener', { listener: 'front' }, 'there is no listener "front"'],
    ['cluster', { cluster: 'a' }, 'there is no cluster "a"'],
  ])('a removed %s is known by its name only until its last connection ends', async (_, named, sentence) => {
    await start()
    const early = await join()
    const elsewhere = { ...front, name: 'other', cluster: 'b' }
    const clusters = { b: { backends: [second.address] } }
    await bed.reload({ listeners: [elsewhere], clusters, timeouts: { drainMs: 0 } })
    const drained = bed.proxy.drain({ ...named, deadlineMs: 0 })
    await finish(early)
    expect(await drained).toEqual({ finished: 1, closed: 0, cut: 0 })
    await expect(bed.proxy.drain(named)).rejects.toThrow(sentence)
    const { pastListeners, pastClusters } = bed.proxy.status()
    expect([pastListeners, pastClusters]).toMatchObject([[{ name: 'front' }], [{ name: 'a' }]])
  })

  it('the proxy keeps the counts of the last 100 removed listeners, clusters and backends', async () => {
    await start()
    for (let i = 0; i < 130; i++) {
      const backends = [`127.0.0.1:${i + 1}`]
      const [passing, staying] = [
        { ...front, name: `front-${i}` },
        { ...front, name: 'staying', cluster: `c-${i}` },
      ]
      await bed.reload({
        listeners: [passing, staying],
        clusters: { [`c-${i}`]: { backends }, a: { backends } },
      })
    }
    const { listeners, pastListeners, clusters, pastClusters, endings } = bed.proxy.status()
    expect(listeners).toHaveLength(2)
    const told = endings.filter(({ listener }) => listener === 'staying')
    expect(new Set(told.map(({ cluster }) => cluster)).size).toBe(101)
    expect(pastListeners).toHaveLength(100)
    expect(pastListeners.at(-1)).toMatchObject({ name: 'front-128' })
    expect(pastClusters).toHaveLength(100)
    expect(clusters[1]!.pastBackends).toHaveLength(100)
    await expect(bed.proxy.drain({ listener: 'front' })).rejects.toMatchObject({ code: 'unknown-name' })
    await scraped()
  })
}
