/** A Postgres cancel request goes to the backend that has the session, and nowhere else. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { ListenerInput } from '../../src/config/listener-input.js'
import { Bed } from '../proxy/bed.js'
import { Backend } from '../support/backend.js'
import type { Peer } from '../support/peer.js'
import { cancelOf, message, startUpOf, welcome } from '../support/postgres-packets.js'
import { until } from '../support/wait.js'

const startUp = startUpOf({ user: 'app' })
const key = Buffer.from([1, 2, 3, 4])

export function describePostgresCancels(): void {
  let backends: Backend[]
  let bed: Bed

  beforeEach(async () => {
    backends = await Promise.all([Backend.listen(), Backend.listen(), Backend.listen()])
  })
  afterEach(async () => {
    await bed.end()
    await Promise.all(backends.map((backend) => backend.close()))
  })

  const start = async (listener: Partial<ListenerInput> = {}, timeouts = {}) => {
    bed = await Bed.start({
      listeners: [
        { name: 'front', address: '127.0.0.1:0', startTls: 'postgres', cluster: 'back', ...listener },
      ],
      backends,
      timeouts,
    })
  }

  /** Opens a session at the next backend in turn. The server sends its welcome in pieces of `size`. */
  const session = async (index: number, pid: number, bytes = welcome(pid, key), size = bytes.length) => {
    const client = await bed.connect()
    client.send(startUp)
    const peer = await backends[index]!.accepted()
    await peer.receive(startUp.length)
    for (let at = 0; at < bytes.length; at += size) {
      peer.send(bytes.subarray(at, at + size))
      await client.receive(Math.min(bytes.length, at + size))
    }
    return { client, peer }
  }

  const cancel = async (pid: number, withKey: Buffer = key): Promise<Peer> => {
    const client = await bed.connect()
    client.send(cancelOf(pid, withKey))
    return client
  }

  it.each([0, 1, 2])('a cancel request goes to backend %i, which has the session', async (index) => {
    await start()
    for (const at of backends.keys()) await session(at, 100 + at)
    const client = await cancel(100 + index)
    const peer = await backends[index]!.accepted()
    await peer.receive(16)
    expect(peer.received.equals(cancelOf(100 + index, key))).toBe(true)
    expect(client.socket.readableEnded).toBe(false)
    peer.end()
    expect(await client.ended).toBe('fin')
    client.end()
    const [record] = await bed.recorded(1)
    expect(record).toMatchObject({
      cluster: 'back',
      backend: backends[index]!.address,
      bytesUp: 16,
      bytesDown: 0,
      ended: { cause: 'finished' },
    })
    expect(backends.map(({ peers }) => peers.length)).toEqual([0, 1, 2].map((at) => (at === index ? 2 : 1)))
  })

  it('a cancel request finds its session by a key that came in pieces, and by a key of 256 bytes', async () => {
    await start()
    const long = Buffer.alloc(256, 5)
    await session(0, 1, welcome(1, key), 3)
    await session(1, 2, welcome(2, long), 100)
    await cancel(1)
    await (await backends[0]!.accepted()).receive(16)
    await cancel(2, long)
    await (await backends[1]!.accepted()).receive(12 + 256)
  })

  it('a cancel request reaches its backend although its client has already ended', async () => {
    await start()
    await session(0, 1)
    const client = await cancel(1)
    client.end()
    const peer = await backends[0]!.accepted()
    await peer.receive(16)
    peer.end()
    await client.closed
  })

  it('a cancel request goes to a backend in maintenance', async () => {
    await start()
    await session(0, 1)
    await bed.control.changeBackend('back', backends[0]!.address, { state: 'maint' })
    await cancel(1)
    await (await backends[0]!.accepted()).receive(16)
  })

  it('a cancel request goes to a backend that has left the config together with its cluster', async () => {
    await start()
    await session(0, 1)
    await bed.reload({
      listeners: [{ name: 'front', address: '127.0.0.1:0', startTls: 'postgres', cluster: 'new' }],
      clusters: { new: { backends: [backends[1]!.address] } },
    })
    await cancel(1)
    await (await backends[0]!.accepted()).receive(16)
  })

  it.each<[string, number, Buffer]>([
    ['with another key', 1, Buffer.from([1, 2, 3, 5])],
    ['of another process', 2, key],
    ['with more behind the key', 1, Buffer.concat([key, Buffer.alloc(1)])],
  ])('a cancel request without a session is closed without an answer: %s', async (_, pid, withKey) => {
    await start()
    await session(0, 1)
    const client = await cancel(pid, withKey)
    expect(await client.ended).toBe('fin')
    client.end()
    const [record] = await bed.recorded(1)
    expect(record).toMatchObject({
      ended: { by: 'proxy', phase: 'opening', cause: 'no-session' },
      termination: 'PR',
    })
    expect(backends.map(({ peers }) => peers.length)).toEqual([1, 0, 0])
  })

  it('a cancel request finds no session that is over', async () => {
    await start()
    const { client, peer } = await session(0, 1)
    expect(bed.proxy.sessions.size).toBe(1)
    client.end()
    peer.end()
    await bed.recorded(1)
    expect(bed.proxy.sessions.size).toBe(0)
    expect(await (await cancel(1)).ended).toBe('fin')
  })

  it('a refused client and a server of another protocol leave no session to cancel', async () => {
    await start()
    await session(0, 1, Buffer.concat([message('E', Buffer.from('SFATAL\0\0')), welcome(1, key)]))
    await session(1, 2, Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\n'), welcome(2, key)]))
    expect(bed.proxy.sessions.size).toBe(0)
  })

  it('a cancel request to a silent backend ends with response-timeout by the backend', async () => {
    await start({}, { responseMs: 50 })
    await session(0, 1)
    const client = await cancel(1)
    await client.ended
    client.end()
    expect((await bed.recorded(1))[0]!.ended).toMatchObject({ by: 'backend', cause: 'response-timeout' })
  })

  it('a cancel request goes to a session that another process knows', async () => {
    await start()
    const place = { cluster: 'back', backend: backends[2]!.address, address: backends[2]!.address }
    const asked: string[] = []
    bed.proxy.sessions.askOthers = async (name) => {
      asked.push(name)
      return name.startsWith('00000007') ? place : undefined
    }
    await cancel(7)
    await (await backends[2]!.accepted()).receive(16)
    expect(await (await cancel(8)).ended).toBe('fin')
    expect(asked).toEqual(['0000000701020304 front', '0000000801020304 front'])
  })

  it('a cancel request takes the way of its session through two listeners of the same millrace', async () => {
    await start()
    const listeners = ['front', 'inner'].map((name, index) => ({
      name,
      address: '127.0.0.1:0',
      startTls: 'postgres' as const,
      cluster: index === 0 ? 'own' : 'back',
    }))
    const back = { backends: [backends[0]!.address] }
    await bed.reload({ listeners, clusters: { own: back, back } })
    await bed.reload({ listeners, clusters: { own: { backends: [bed.address(1)] }, back } })
    await session(0, 1)
    expect(bed.proxy.sessions.size).toBe(2)
    const client = await cancel(1)
    const peer = await backends[0]!.accepted()
    await peer.receive(16)
    peer.end()
    expect(await client.ended).toBe('fin')
    client.end()
    const records = await bed.recorded(2)
    expect(records.map(({ ended }) => ended.cause)).toEqual(['finished', 'finished'])
  })

  it('a cancel request whose session leads back to its own listener is refused', async () => {
    await start()
    const backend = bed.address()
    await bed.reload({ clusters: { back: { backends: [backend] } } })
    bed.proxy.sessions.askOthers = async () => ({ cluster: 'back', backend, address: backend })
    const client = await cancel(1)
    expect(await client.ended).toBe('fin')
    client.end()
    expect((await bed.recorded(1))[0]).toMatchObject({
      ended: { by: 'proxy', phase: 'connect', cause: 'loop' },
    })
  })

  it('at most 64 cancel requests at a time ask other processes, and a further one is closed', async () => {
    await start()
    let asked = 0
    bed.proxy.sessions.askOthers = () => {
      asked += 1
      return new Promise(() => {})
    }
    const waiting = await Promise.all(Array.from({ length: 64 }, (_, pid) => cancel(pid)))
    await until(() => asked === 64)
    expect(await (await cancel(1000)).ended).toBe('fin')
    expect(asked).toBe(64)
    for (const client of waiting) client.reset()
  })

  it('a session that can be cancelled still splices bulk and hands ends on', async () => {
    await start()
    const { client, peer } = await session(0, 1)
    const bulk = Buffer.alloc(4_000_000, 7)
    peer.send(bulk)
    await client.receive(welcome(1, key).length + bulk.length)
    expect(client.missingFrom(peer)).toBeUndefined()
    peer.end()
    expect(await client.ended).toBe('fin')
    client.end()
    const [record] = await bed.recorded(1)
    expect(record!.bytesDown).toBe(welcome(1, key).length + bulk.length)
    if (bed.proxy.engine.kind === 'kernel') expect(record!.splicedDown).toBeGreaterThan(bulk.length / 2)
    expect(record!.ended.cause).toBe('finished')
  })

  it("a client whose session is refused still gets the server's last words", async () => {
    await start()
    const client = await bed.connect()
    client.send(startUp)
    const peer = await backends[0]!.accepted()
    await peer.receive(startUp.length)
    const words = message('E', Buffer.from('SFATAL\0Mno\0\0'))
    peer.send(words)
    peer.end()
    expect(await client.ended).toBe('fin')
    expect(client.received.equals(words)).toBe(true)
    client.end()
    expect((await bed.recorded(1))[0]!.ended).toMatchObject({ by: 'backend', cause: 'finished' })
  })
}
