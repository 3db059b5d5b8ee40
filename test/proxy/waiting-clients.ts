/** Clients that wait for a place at a backend, or for the release of their cluster. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { ClusterInput } from '../../src/config/input.js'
import { Backend } from '../support/backend.js'
import { pattern } from '../support/bytes.js'
import type { Peer } from '../support/peer.js'
import { turns, until } from '../support/wait.js'
import { Bed, type BedConfig } from './bed.js'
import { hastened } from './time.js'

/** How much each waiting client sends. */
const SAID_BYTES = 100_000
const HELLO = pattern(1, 10)

export function describeWaitingClients(): void {
  let backend: Backend
  let bed: Bed
  beforeEach(async () => {
    backend = (await Backend.listen()).echo()
  })
  afterEach(async () => {
    await bed.end()
    await backend.close()
  })

  const start = async (cluster: Partial<ClusterInput> = {}, config: BedConfig = {}): Promise<void> => {
    const back = { backends: [{ address: backend.address, maxConnections: 1 }], ...cluster }
    bed = await Bed.start({ clusters: { back }, ...config })
  }
  const queued = (): number => bed.proxy.clusters.get('back')!.queue.length

  async function served(): Promise<Peer> {
    const client = await bed.connect()
    client.send(HELLO)
    await client.receive(HELLO.length)
    return client
  }

  async function waits(): Promise<Peer> {
    const before = queued()
    const client = await bed.connect()
    await until(() => queued() === before + 1)
    return client
  }

  /** Clients that have to wait, one after the other. Each of them sends SAID_BYTES. */
  async function waiting(count: number): Promise<Peer[]> {
    const clients: Peer[] = []
    for (let number = 1; number <= count; number++) {
      const client = await waits()
      client.send(pattern(2, SAID_BYTES))
      clients.push(client)
    }
    return clients
  }

  async function leave(client: Peer): Promise<void> {
    client.end()
    expect(await client.ended).toBe('fin')
  }

  async function servedInOrder(clients: readonly Peer[]): Promise<void> {
    for (const client of clients) {
      await client.receive(SAID_BYTES)
      expect(client.missingFrom(client)).toBeUndefined()
      await leave(client)
    }
  }

  it('clients of a full backend wait and go on in order, lose no byte, and their records say how long they waited', async () => {
    await start()
    const first = await served()
    const others = await waiting(3)
    expect(backend.peers).toHaveLength(1)
    expect(bed.proxy.status().clusters).toMatchObject([
      { queued: 3, waited: 3, active: 4, backends: [{ active: 1, maxConnections: 1, queued: 0 }] },
    ])
    await leave(first)
    await servedInOrder(others)
    const [firstRecord, ...records] = await bed.recorded(4)
    expect(firstRecord!.timings.queuedMs).toBeUndefined()
    for (const { timings, termination, bytesUp } of records) {
      const { waitMs, queuedMs, connectMs, firstByteMs, totalMs } = timings
      expect({ termination, bytesUp, waitMs }).toEqual({ termination: '--', bytesUp: SAID_BYTES, waitMs: 0 })
      expect(queuedMs).toBeGreaterThan(0)
      expect(queuedMs! + connectMs! + firstByteMs!).toBeLessThanOrEqual(totalMs + 0.01)
    }
  })

  it('a client that has waited for queueMs is reset with queue-timeout', async () => {
    await start({ limits: { queueMs: 60 } })
    const first = await served()
    const [late] = await waiting(1)
    expect(await late!.ended).toBe('ECONNRESET')
    const [record] = await bed.recorded(1)
    expect(record).toMatchObject({ termination: 'sQ', cluster: 'back', retries: 0 })
    expect(record!.ended).toEqual({ by: 'backend', phase: 'queue', cause: 'queue-timeout' })
    expect(record!.timings.connectMs).toBeUndefined()
    await leave(first)
    await bed.recorded(2)
  })

  it('a client beyond queueLength is reset with queue-full, and over HTTP it gets 503', async () => {
    await start(
      { limits: { queueLength: 1 } },
      {
        listeners: [
          { name: 'front', address: '127.0.0.1:0', cluster: 'back' },
          { address: '127.0.0.1:0', protocol: 'http', http: 'forward', cluster: 'back' },
        ],
      },
    )
    const first = await served()
    const [second] = await waiting(1)
    expect(await bed.turnedAway()).toBe('ECONNRESET')
    const web = await bed.connect(1)
    web.send(Buffer.from('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n'))
    await web.ended
    web.end()
    expect(web.received.toString()).toMatch(/^HTTP\/1\.1 503 /)
    const records = await bed.recorded(2)
    expect(records.map(({ ended, termination }) => [ended.cause, ended.phase, termination])).toEqual([
      ['queue-full', 'queue', 'SQ'],
      ['queue-full', 'queue', 'SQ'],
    ])
    await leave(first)
    await servedInOrder([second!])
  })

  it('a waiting client that makes room for another source is reset, and its record has queue-full and how long it waited', async () => {
    await start({ limits: { queueLength: 2 } })
    const first = await served()
    const [second] = await waiting(1)
    const third = await waits()
    const other = await bed.connect(0, '127.0.0.2')
    other.send(pattern(2, SAID_BYTES))
    expect(await third.ended).toBe('ECONNRESET')
    expect(await bed.recorded(1)).toMatchObject([
      { ended: { cause: 'queue-full', phase: 'queue' }, timings: { queuedMs: expect.any(Number) } },
    ])
    await leave(first)
    await servedInOrder([second!, other])
  })

  it('a client that goes away leaves the queue, and the next one has its turn', async () => {
    await start()
    const first = await served()
    const gone = await waits()
    const [next] = await waiting(1)
    gone.reset()
    await until(() => queued() === 1)
    const [record] = await bed.recorded(1)
    expect(record!.ended).toEqual({ by: 'client', phase: 'queue', cause: 'client-gone', errno: 'ECONNRESET' })
    expect(record!.timings.queuedMs).toBeGreaterThan(0)
    await leave(first)
    await servedInOrder([next!])
    await bed.recorded(3)
  })

  it('a client that has sent FIN stays in the queue', async () => {
    await start()
    const first = await served()
    const [half] = await waiting(1)
    half!.end()
    await turns(50)
    expect(queued()).toBe(1)
    await leave(first)
    expect(await half!.ended).toBe('fin')
    expect(half!.missingFrom(half!)).toBeUndefined()
    await bed.recorded(2)
  })

  it('an operator sees waiting clients in the phase queue, and can kill them', async () => {
    await start()
    const first = await served()
    const [client] = await waiting(1)
    const { connections } = await bed.control.connections({ sort: 'age' })
    expect(connections).toMatchObject([{ phase: 'data' }, { phase: 'queue', cluster: 'back' }])
    expect(await bed.control.kill({ ids: [connections[1]!.id] })).toMatchObject({ killed: 1 })
    expect(await client!.ended).toBe('ECONNRESET')
    expect(queued()).toBe(0)
    await leave(first)
    expect(await bed.recorded(2)).toMatchObject([{ ended: { cause: 'killed', phase: 'queue' } }, {}])
  })

  it('a waiting client has its turn while the proxy drains, and the deadline of the drain resets those that are left', async () => {
    await start()
    const first = await served()
    const [second, third] = await waiting(2)
    const drained = bed.proxy.drain({ deadlineMs: 2000, spreadMs: 0 })
    await leave(first)
    await second!.receive(SAID_BYTES)
    expect(await hastened(bed, third!.ended)).toBe('ECONNRESET')
    expect(await drained).toMatchObject({ finished: 1, closed: 1, cut: 1 })
    expect((await bed.recorded(3)).map(({ termination }) => termination)).toEqual(['--', 'KD', 'KQ'])
  })

  it('a stop resets waiting clients', async () => {
    await start()
    const first = await served()
    const clients = await waiting(2)
    await bed.proxy.stop()
    expect(await Promise.all(clients.map(({ ended }) => ended))).toEqual(['ECONNRESET', 'ECONNRESET'])
    expect(await first.ended).toBe('fin')
    const ends = (await bed.recorded(3)).map(({ ended: { phase, cause } }) => `${phase} ${cause}`)
    expect(ends.sort()).toEqual(['data ordered', 'queue ordered', 'queue ordered'])
  })

  it('a reload with a higher limit lets waiting clients go on', async () => {
    await start()
    const first = await served()
    const [second] = await waiting(1)
    await bed.reload({ clusters: { back: { backends: [{ address: backend.address, maxConnections: 2 }] } } })
    await servedInOrder([second!])
    await leave(first)
    await bed.recorded(2)
  })

  it('while an operator holds a cluster its new clients wait unread, and they are served in order after the release', async () => {
    await start({ backends: [backend.address] })
    const first = await served()
    expect(await bed.control.hold({ cluster: 'back', maxMs: 60_000 })).toEqual({
      cluster: 'back',
      connections: 1,
    })
    const clients = await waiting(2)
    first.send(HELLO)
    await first.receive(2 * HELLO.length)
    expect(backend.peers).toHaveLength(1)
    const [cluster] = bed.proxy.status().clusters
    expect(cluster!.queued).toBe(2)
    expect(cluster!.holdSeconds).toBeGreaterThan(50)
    expect(await bed.control.release('back')).toEqual({ cluster: 'back', waited: 2 })
    await servedInOrder(clients)
    await leave(first)
    await bed.told(/^cluster back: new clients wait$/)
    await bed.told(/^cluster back: clients go on$/)
    await bed.recorded(3)
  })

  it('a hold with end drains the connections that are there, and no client that waits', async () => {
    await start({ backends: [backend.address] }, { timeouts: { drainMs: 100 } })
    const first = await served()
    await bed.control.hold({ cluster: 'back', maxMs: 60_000, end: true })
    const [second] = await waiting(1)
    expect(await first.ended).toBe('fin')
    expect(await bed.recorded(1)).toMatchObject([{ ended: { cause: 'drained', phase: 'data' } }])
    expect(queued()).toBe(1)
    await bed.control.release('back')
    await servedInOrder([second!])
    await bed.recorded(2)
  })

  it('a hold ends by itself and says so, and a reload keeps it', async () => {
    await start({ backends: [backend.address] })
    await bed.control.hold({ cluster: 'back', maxMs: 300 })
    await bed.reload({ timeouts: { idleMs: '9m' }, clusters: { back: { backends: [backend.address] } } })
    const clients = await waiting(1)
    await servedInOrder(clients)
    await bed.told(/^cluster back: the hold has lasted 300 ms and ends$/)
    await bed.recorded(1)
  })

  it('an order to hold or to release a cluster that makes no sense is rejected', async () => {
    await start()
    const code = (order: Promise<unknown>) =>
      order.then(
        () => 'none',
        ({ code: told }) => told,
      )
    expect(await code(bed.control.hold({ cluster: 'x', maxMs: 1000 }))).toBe('unknown-name')
    expect(await code(bed.control.release('x'))).toBe('unknown-name')
    expect(await code(bed.control.release('back'))).toBe('wrong-state')
    for (const maxMs of [0, -1, Number.NaN, 1e12])
      expect(await code(bed.control.hold({ cluster: 'back', maxMs }))).toBe('bad-argument')
  })
}
