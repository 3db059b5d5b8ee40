/** A faulty proxy between a client and a target: what each of them sees. */
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import type { Fault } from '../../src/faults/fault.js'
import { readFaultyProxyOptions } from '../../src/faults/fault-arguments.js'
import { type FaultyProxy, type FaultyProxyOptions, faultyProxy } from '../../src/faults/faults.js'
import { startFaultyProxy } from '../../src/faults/faulty-proxy.js'
import { RESET_AFTER_MS } from '../../src/faults/proxied-connection.js'
import { Backend } from '../support/backend.js'
import { pattern } from '../support/bytes.js'
import { openedSince, openFds } from '../support/fds.js'
import { temporaryFolder } from '../support/folder.js'
import { connectTo, type Peer, turnedAway } from '../support/peer.js'
import { settled, until } from '../support/wait.js'
import { HandClock } from './clocks.js'

const folder = temporaryFolder()
let backend: Backend

beforeEach(async () => {
  backend = await Backend.listen()
})
afterEach(() => backend.close())

async function start(options: Omit<FaultyProxyOptions, 'to'>, clock?: HandClock): Promise<FaultyProxy> {
  const all = { to: backend.address, ...options }
  const faults = await (clock ? startFaultyProxy(readFaultyProxyOptions(all), clock) : faultyProxy(all))
  onTestFinished(() => faults.close().catch(() => {}))
  return faults
}

const client = (faults: FaultyProxy): Promise<Peer> =>
  connectTo({ kind: 'tcp', host: '127.0.0.1', port: faults.port })

/** A client and its target, joined by a proxy with these faults. */
async function joined(list: readonly Fault[], clock?: HandClock) {
  const faults = await start({ faults: list }, clock)
  const near = await client(faults)
  return { faults, near, far: await backend.accepted(), connection: faults.connections[0]! }
}

describe('a faulty proxy without faults', () => {
  it('a faulty proxy without faults passes bytes and FIN in both directions', async () => {
    const { faults, near, far, connection } = await joined([])
    near.send(pattern(1, 300_000))
    near.end()
    expect(await far.ended).toBe('fin')
    far.send(pattern(2, 200_000))
    far.end()
    expect(await near.ended).toBe('fin')
    await connection.ended
    expect([far.missingFrom(near), near.missingFrom(far)]).toEqual([undefined, undefined])
    expect({ ...connection, ended: undefined, set: undefined }).toMatchObject({
      index: 0,
      bytesUp: 300_000,
      bytesDown: 200_000,
      isOpen: false,
      error: undefined,
    })
    expect(faults.address).toBe(`127.0.0.1:${faults.port}`)
  })

  it('the RST of either side reaches the other side', async () => {
    const one = await joined([])
    one.near.reset()
    expect(await one.far.ended).toBe('ECONNRESET')
    const near = await client(one.faults)
    const far = await backend.accepted()
    far.reset()
    expect(await near.ended).toBe('ECONNRESET')
  })

  it('a target that refuses gives the client RST, and the connection the error', async () => {
    const faults = await start({})
    await backend.close()
    expect(await turnedAway(client(faults))).toBe('ECONNRESET')
    await until(() => faults.connections[0]?.error !== undefined)
    expect(faults.connections[0]!.error!.code).toBe('ECONNREFUSED')
  })
})

describe('faults that end something', () => {
  it('reset after 1000 bytes down gives the client exactly 1000 bytes and then RST, and the target RST', async () => {
    const { near, far, connection } = await joined([
      { do: 'reset', after: { bytes: 1000, direction: 'down' } },
    ])
    far.send(pattern(2, 5000))
    expect(await near.ended).toBe('ECONNRESET')
    expect(near.received).toEqual(pattern(2, 1000))
    expect(await far.ended).toBe('ECONNRESET')
    expect(connection.bytesDown).toBe(1000)
    expect(connection.error).toBeUndefined()
  })

  it('close after 1000 bytes up gives the target exactly 1000 bytes, and both sides FIN', async () => {
    const { near, far } = await joined([{ do: 'close', after: { bytes: 1000, direction: 'up' } }])
    near.send(pattern(1, 100_000))
    expect([await far.ended, await near.ended]).toEqual(['fin', 'fin'])
    expect(far.received).toEqual(pattern(1, 1000))
  })

  it('a cut is exact also behind delay, join and split', async () => {
    const clock = new HandClock()
    const { near, far } = await joined(
      [
        { do: 'delay', ms: 5 },
        { do: 'join', bytes: 700, ms: 3 },
        { do: 'split', bytes: 64 },
        { do: 'close', after: { bytes: 1001, direction: 'up' } },
      ],
      clock,
    )
    near.send(pattern(1, 3000))
    await until(() => {
      clock.advance(1)
      return far.receivedBytes === 1001
    })
    expect(await far.ended).toBe('fin')
    expect(far.received).toEqual(pattern(1, 1001))
  })

  it('halfClose sends FIN in its direction, and the other one goes on', async () => {
    const { near, far } = await joined([
      { do: 'halfClose', direction: 'down', after: { bytes: 4, direction: 'down' } },
    ])
    far.send(Buffer.from('lost from here'))
    expect(await near.ended).toBe('fin')
    expect(String(near.received)).toBe('lost')
    near.send(pattern(1, 100_000))
    await far.receive(100_000)
    far.send(pattern(2, 100_000))
    near.end()
    expect(await far.ended).toBe('fin')
    expect(near.receivedBytes).toBe(4)
  })

  it('a fault after a time begins then, and not before', async () => {
    const clock = new HandClock()
    const { near, far } = await joined([{ do: 'reset', after: { ms: 100 } }], clock)
    near.send(Buffer.from('here'))
    await far.receive(4)
    clock.advance(99)
    near.send(Buffer.from('again'))
    await far.receive(9)
    clock.advance(1)
    clock.advance(RESET_AFTER_MS)
    expect([await near.ended, await far.ended]).toEqual(['ECONNRESET', 'ECONNRESET'])
  })

  it('refuse gives the client RST, and the target no connection', async () => {
    const faults = await start({ faults: [{ do: 'refuse' }] })
    expect(await turnedAway(client(faults))).toBe('ECONNRESET')
    await faults.connections[0]!.ended
    expect(backend.peers).toEqual([])
  })

  it('a fault of one direction can begin at a place of the other one', async () => {
    const { near, far } = await joined([
      { do: 'hang', direction: 'down', after: { bytes: 3, direction: 'up' } },
    ])
    far.send(Buffer.from('before'))
    await near.receive(6)
    near.send(Buffer.from('now'))
    await far.receive(3)
    far.send(Buffer.from('after'))
    near.send(Buffer.from('more'))
    await far.receive(7)
    await settled(() => near.receivedBytes)
    expect(String(near.received)).toBe('before')
  })
})

describe('faults that change', () => {
  it('a connection that hangs goes on when it is healed, with every byte', async () => {
    const { faults, near, far } = await joined([{ do: 'hang' }])
    near.send(pattern(1, 100_000))
    near.end()
    await settled(() => far.receivedBytes)
    expect(far.receivedBytes).toBe(0)
    faults.heal()
    expect(await far.ended).toBe('fin')
    expect(far.missingFrom(near)).toBeUndefined()
  })

  it('after set, bytes count from then on, for connections that are open and for new ones', async () => {
    const { faults, near, far } = await joined([])
    near.send(Buffer.from('0123456789'))
    await far.receive(10)
    faults.set([{ do: 'close', after: { bytes: 5, direction: 'up' } }])
    near.send(Buffer.from('abcdefgh'))
    expect(await far.ended).toBe('fin')
    expect(String(far.received)).toBe('0123456789abcde')
    const second = await client(faults)
    second.send(Buffer.from('abcdefgh'))
    const other = await backend.accepted()
    expect(await other.ended).toBe('fin')
    expect(String(other.received)).toBe('abcde')
  })

  it('after set, bytes that are being written do not count', async () => {
    const { faults, near, far, connection } = await joined([])
    far.pause()
    near.sendForEver(Buffer.alloc(65_536))
    await settled(() => connection.bytesUp)
    faults.set([{ do: 'close', after: { bytes: 5, direction: 'up' } }])
    const before = connection.bytesUp
    far.resume()
    await far.ended
    // A write is one read of Node: at most 64 KiB.
    expect(far.receivedBytes - 5 - before).toBeGreaterThan(0)
    expect(far.receivedBytes - 5 - before).toBeLessThanOrEqual(65_536)
    near.socket.destroy()
  })

  it('set of one connection leaves the others alone', async () => {
    const { faults, near, connection } = await joined([])
    const other = await client(faults)
    await backend.accepted()
    connection.set([{ do: 'reset' }])
    expect(await near.ended).toBe('ECONNRESET')
    expect(faults.connections.map(({ faults: list }) => list)).toEqual([[{ do: 'reset' }], []])
    expect(faults.connections[1]!.isOpen).toBe(true)
    other.end()
  })

  it('a function chooses the faults by the number of the connection', async () => {
    const faults = await start({ faults: (_, index) => (index === 0 ? [{ do: 'refuse' }] : []) })
    expect(await turnedAway(client(faults))).toBe('ECONNRESET')
    const second = await client(faults)
    second.send(Buffer.from('hello'))
    await (await backend.accepted()).receive(5)
    expect(faults.schedule).toEqual([[{ do: 'refuse' }], []])
  })

  it.each<[string, () => never, string]>([
    [
      'throws',
      () => {
        throw new Error('my mistake')
      },
      'my mistake',
    ],
    [
      'returns nonsense',
      () => [{ do: 'rest' }] as never,
      'faults: the returned list[0].do: expected one of "delay"',
    ],
  ])(
    'a function that %s resets the connection, and close rejects with the reason',
    async (_, choose, message) => {
      const faults = await start({ faults: choose })
      expect(await turnedAway(client(faults))).toBe('ECONNRESET')
      await until(() => faults.connections.length === 1)
      await expect(faults.close()).rejects.toThrow(message)
    },
  )

  it('a port that is closed refuses clients and keeps connections, and can be opened again', async () => {
    const { faults, near, far } = await joined([])
    const { port } = faults
    faults.stopListening()
    expect(await turnedAway(client(faults))).toBe('ECONNREFUSED')
    near.send(Buffer.from('still here'))
    await far.receive(10)
    await faults.listenAgain()
    expect(faults.port).toBe(port)
    const second = await client(faults)
    second.end()
    expect(await (await backend.accepted()).ended).toBe('fin')
  })
})

describe('unix sockets', () => {
  it('listener and target may be unix sockets: a reset closes them', async () => {
    const target = await Backend.listen({ path: join(folder, 'target') })
    onTestFinished(() => target.close())
    const path = join(folder, 'proxy')
    const faults = await faultyProxy({
      to: target.address,
      listen: `unix:${path}`,
      faults: [{ do: 'reset', after: { bytes: 4, direction: 'up' } }],
    })
    onTestFinished(() => faults.close())
    expect([faults.address, faults.port]).toEqual([`unix:${path}`, 0])
    const near = await connectTo({ kind: 'unix', path })
    near.send(Buffer.from('hello'))
    const far = await target.accepted()
    await Promise.all([near.ended, far.ended])
    expect(String(far.received)).toBe('hell')
  })
})

describe('close', () => {
  it('close leaves no socket and no timer, whatever its connections do, and may be called again', async () => {
    const before = openFds()
    const [own] = [await Backend.listen()]
    const clock = new HandClock()
    const options = readFaultyProxyOptions({
      to: own.address,
      faults: (_: unknown, index: number) =>
        [
          [{ do: 'hang' }],
          [{ do: 'delay', ms: 1000 }],
          [{ do: 'reset', after: { ms: 5000 } }],
          [{ do: 'halfClose', direction: 'up' }],
        ][index] as Fault[],
    })
    const faults = await startFaultyProxy(options, clock)
    const peers = [await client(faults), await client(faults), await client(faults), await client(faults)]
    for (const peer of peers) peer.send(pattern(1, 100_000))
    await until(() => own.peers.length === 4)
    await Promise.all([faults.close(), faults.close()])
    expect(faults.connections.map(({ isOpen }) => isOpen)).toEqual([false, false, false, false])
    expect(clock.timers).toBe(0)
    for (const { socket } of peers) socket.destroy()
    await own.close()
    await Promise.all(peers.map(({ closed }) => closed))
    expect(openedSince(before)).toEqual([])
    await expect(faults.listenAgain()).rejects.toMatchObject({ code: 'wrong-state' })
  })

  it('a port that is taken rejects with listen-failed, and leaves nothing', async () => {
    await expect(faultyProxy({ to: '127.0.0.1:1', listen: backend.address })).rejects.toMatchObject({
      code: 'listen-failed',
      message: expect.stringContaining(`cannot listen on ${backend.address}`),
    })
  })
})
