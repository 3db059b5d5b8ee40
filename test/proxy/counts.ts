/** What the proxy counts of connections besides their ends: what broke, what was lost, what was copied, and why. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { READABLE } from '../../src/io/socket.js'
import { renderMetrics } from '../../src/observe/metrics/metrics.js'
import { kernelCarrier } from '../../src/pipe/fd/kernel-carrier.js'
import type { Flow } from '../../src/pipe/flow.js'
import { streamCarrier } from '../../src/pipe/stream-carrier.js'
import { Backend } from '../support/backend.js'
import { pattern } from '../support/bytes.js'
import { samplesOf } from '../support/exposition.js'
import type { Peer } from '../support/peer.js'
import { until } from '../support/wait.js'
import { Bed, type BedConfig } from './bed.js'
import type { EngineKind } from './suite.js'
import { hastened } from './time.js'

export function describeCounts(engine: EngineKind): void {
  let backend: Backend
  let bed: Bed
  let client: Peer
  let peer: Peer

  beforeEach(async () => {
    backend = await Backend.listen()
  })
  afterEach(async () => {
    vi.restoreAllMocks()
    await bed.end()
    await backend.close()
  })

  async function join(config: BedConfig = {}): Promise<void> {
    bed = await Bed.start({ backends: [backend], ...config })
    client = await bed.connect()
    peer = await backend.accepted()
    client.send(pattern(1, 10))
    await peer.receive(10)
  }

  const listener = () => bed.proxy.status().listeners[0]!

  it.each(['client', 'backend'] as const)('a reset by the %s is counted once, for its side', async (side) => {
    await join()
    expect(listener().pipeErrors).toEqual([
      { side: 'client', errno: 'ECONNRESET', count: 0 },
      { side: 'backend', errno: 'ECONNRESET', count: 0 },
    ])
    const [breaking, other] = side === 'client' ? [client, peer] : [peer, client]
    breaking.reset()
    await hastened(bed, other.ended)
    await bed.recorded(1)
    expect(listener().pipeErrors.filter(({ count }) => count > 0)).toEqual([
      { side, errno: 'ECONNRESET', count: 1 },
    ])
  })

  it('a connection that both sides end in order counts no error', async () => {
    await join()
    client.end()
    peer.end()
    await bed.recorded(1)
    expect(listener().pipeErrors.map(({ count }) => count)).toEqual([0, 0])
  })

  it.each([
    ['an operator kills the connection', () => bed.control.kill({})],
    ['the backend resets', () => peer.reset()],
  ])('bytes that the proxy has received and loses when %s are counted as received only', async (_, end) => {
    await join({ splice: 'on' })
    peer.pause()
    client.sendForEver(pattern(2, 65_536))
    await until(() => bed.proxy.status().pipes.sinkFull > 0)
    const { receivedUp, bytesUp } = bed.proxy.status().listeners[0]!.traffic
    expect(receivedUp).toBeGreaterThanOrEqual(bytesUp)
    await end()
    await bed.recorded(1)
    const { traffic } = listener()
    // A stream counts bytes as moved once they are in the queue of its sink.
    if (engine === 'kernel') expect(traffic.receivedUp).toBeGreaterThan(traffic.bytesUp)
    else expect(traffic.receivedUp).toBe(traffic.bytesUp)
    expect(traffic).toMatchObject({ receivedDown: 0, bytesDown: 0 })
  })

  it('copied bytes are counted with the reason why they were copied', async () => {
    await join({ splice: 'off' })
    peer.send(pattern(2, 30))
    await client.receive(30)
    expect(listener().notSpliced).toEqual([])
    client.end()
    peer.end()
    await bed.recorded(1)
    expect(listener().notSpliced).toEqual([{ reason: 'switched-off', connections: 1, bytes: 40 }])
  })

  it('a connection that moved no bytes counts no reason for copying', async () => {
    await backend.close()
    bed = await Bed.start({ backends: [backend.address] })
    await bed.turnedAway()
    expect(listener().notSpliced).toEqual([])
  })

  it('a pipe that is ready without progress is cut, and its state is logged and counted', async () => {
    bed = await Bed.start({ backends: [backend], splice: 'on' })
    const moveNothing = ({ source }: Flow): number => {
      source.ready |= READABLE
      return 0
    }
    vi.spyOn(kernelCarrier, 'move').mockImplementation(moveNothing)
    vi.spyOn(streamCarrier, 'move').mockImplementation(moveNothing)
    client = await bed.connect()
    client.send(pattern(1, 10))
    expect(await client.ended).toMatch(/ECONNRESET|fin/)
    vi.restoreAllMocks()
    const [record] = await bed.recorded(1)
    expect(record).toMatchObject({
      ended: { by: 'proxy', phase: 'data', cause: 'infinite-loop' },
      termination: 'ID',
    })
    const told = await bed.told(/stayed ready without progress/)
    const direction = {
      carrier: engine,
      phase: 'flowing',
      inside: 0,
      bytes: 0,
      sinkReady: expect.any(Number),
    }
    expect(told).toMatchObject({
      level: 'error',
      listener: 'front',
      backend: backend.address,
      up: direction,
      down: direction,
      stuckRuns: 100,
    })
    const samples = samplesOf(renderMetrics(bed.proxy.status()))
    const labels = 'listener="front",cluster="back",by="proxy",phase="data",cause="infinite-loop"'
    expect(samples.get(`millrace_connections_ended_total{${labels}}`)).toBe(1)
    expect(samples.get('millrace_infinite_loops_total')).toBe(1)
    const next = await bed.connect()
    next.send(pattern(2, 10))
    await until(() => backend.peers.some(({ received }) => received.length === 10))
  })

  it('errors are counted from 0 on, for each listener those that it can have', async () => {
    const there = { backends: [backend.address] }
    const routes = [{ sni: ['a.example'], cluster: 'a' }]
    bed = await Bed.start({
      listeners: [
        { name: 'plain', address: '127.0.0.1:0', cluster: 'a' },
        { name: 'routed', address: '127.0.0.1:0', cluster: 'b', routes },
        { name: 'asked', address: '127.0.0.1:0', route: () => 'c' },
      ],
      clusters: { a: there, b: there, c: there },
    })
    const { endings } = bed.proxy.status()
    expect(endings.every(({ count, outcome }) => count === 0 && outcome === 'error')).toBe(true)
    const of = (name: string) => endings.filter((each) => each.listener === name)
    const clustersOf = (name: string) => new Set(of(name).map(({ cluster }) => cluster))
    expect(clustersOf('plain')).toEqual(new Set(['a']))
    expect(clustersOf('routed')).toEqual(new Set(['', 'a', 'b']))
    expect(clustersOf('asked')).toEqual(new Set(['', 'a', 'b', 'c']))
    expect(of('plain').map(({ cause }) => cause)).toContain('no-backend')
    expect(of('plain').map(({ cause }) => cause)).not.toContain('bad-hello')
    const labels = 'listener="routed",cluster="",by="proxy",phase="opening",cause="bad-hello"'
    expect(
      samplesOf(renderMetrics(bed.proxy.status())).get(`millrace_connections_ended_total{${labels}}`),
    ).toBe(0)
    const before = endings.length
    const visitor = await bed.connect(1)
    visitor.send(Buffer.from('no hello'))
    await visitor.ended
    await bed.recorded(1)
    const after = bed.proxy.status().endings
    expect(after).toHaveLength(before)
    expect(after.filter(({ count }) => count > 0)).toMatchObject([{ listener: 'routed', cause: 'bad-hello' }])
  })
}
