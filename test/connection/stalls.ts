/** Of a forwarded request every deadline, with either side as the one that stalls: the record names that side. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Bed } from '../proxy/bed.js'
import { Backend } from '../support/backend.js'
import { advanceClock, restoreClock } from '../support/clock.js'
import type { Peer } from '../support/peer.js'
import { settled, until } from '../support/wait.js'
import { headAt } from './upgrades.js'

const MIB = 1024 * 1024
const GET = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n'
const POST = 'POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100000000\r\n\r\n'
const IDLE_MS = 600_000

/** As it goes on to the client: the connection closes behind every answer. */
const headOf = (bytes: number): string =>
  `HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${bytes}\r\n\r\n`

export function describeStalls(): void {
  let backend: Backend
  let bed: Bed

  beforeEach(async () => {
    backend = await Backend.listen()
    bed = await Bed.start({
      backends: [backend],
      listeners: [
        { name: 'front', address: '127.0.0.1:0', cluster: 'back', protocol: 'http', http: 'forward' },
      ],
      timeouts: { idleMs: IDLE_MS },
    })
  })
  afterEach(async () => {
    restoreClock()
    await bed.end()
  })

  const open = async (request: string): Promise<{ client: Peer; peer: Peer; head: string }> => {
    const client = await bed.connect()
    client.send(Buffer.from(request))
    const peer = await backend.accepted()
    return { client, peer, head: await headAt(peer) }
  }

  const bytesUp = (): number => bed.proxy.connections()[0]?.totals.bytesUp ?? 0
  const bytesDown = (): number => bed.proxy.connections()[0]?.totals.bytesDown ?? 0

  /** Everything with a deadline has looked at the clock at least once more. */
  const deadlinesAreLookedAt = async (): Promise<void> => {
    const { sweep } = bed.proxy.engine
    let looks = 0
    const watcher = { sweepIndex: -1, expire: () => void looks++ }
    sweep.add(watcher, 1)
    await until(() => looks > 0)
    sweep.delete(watcher)
  }

  const recordAfter = async (ms: number) => {
    advanceClock(ms)
    return (await bed.recorded(1))[0]!
  }

  it('blames the backend that stalls inside its answer', async () => {
    const { client, peer } = await open(GET)
    peer.send(Buffer.from(`${headOf(100)}half`))
    await client.receive(headOf(100).length + 4)
    expect(await recordAfter(IDLE_MS)).toMatchObject({
      ended: { by: 'backend', phase: 'data', cause: 'idle-timeout' },
      termination: 'sD',
    })
    expect(await client.reallyEnded()).toBe('ECONNRESET')
  })

  it('blames the backend that stops reading an upload', async () => {
    const { client, peer } = await open(POST)
    peer.pause()
    client.sendForEver(Buffer.alloc(64 * 1024))
    await settled(bytesUp)
    const recorded = recordAfter(IDLE_MS)
    expect(await client.ended).toBe('fin')
    expect(client.received.toString()).toMatch(/^HTTP\/1\.1 504 /)
    client.socket.destroy()
    expect(await recorded).toMatchObject({
      ended: { by: 'backend', phase: 'response', cause: 'response-timeout' },
      termination: 'sH',
    })
  })

  it('blames the backend that stops reading an upload though it has begun to answer', async () => {
    const { client, peer } = await open(POST)
    peer.send(Buffer.from(`${headOf(100)}half`))
    await client.receive(headOf(100).length + 4)
    peer.pause()
    client.sendForEver(Buffer.alloc(64 * 1024))
    await settled(bytesUp)
    expect(await recordAfter(IDLE_MS)).toMatchObject({
      ended: { by: 'backend', phase: 'data', cause: 'idle-timeout' },
      termination: 'sD',
    })
  })

  it('blames the backend that has the whole upload and does not answer', async () => {
    const { client } = await open(`${POST.replace('100000000', '4')}body`)
    expect(await recordAfter(30_000)).toMatchObject({
      ended: { by: 'backend', phase: 'response', cause: 'response-timeout' },
      termination: 'sH',
    })
    client.end()
  })

  it('blames the client that stalls inside its upload', async () => {
    const { client, peer, head } = await open(`${POST}half`)
    await peer.receive(head.length + 4)
    expect(await recordAfter(IDLE_MS)).toMatchObject({
      ended: { by: 'client', phase: 'response', cause: 'idle-timeout' },
      termination: 'cH',
    })
    await client.ended
  })

  it('blames the client that stops reading its answer', async () => {
    const { client, peer } = await open(GET)
    client.pause()
    peer.send(Buffer.from(headOf(100 * MIB)))
    peer.sendForEver(Buffer.alloc(64 * 1024))
    await settled(bytesDown)
    expect(await recordAfter(IDLE_MS)).toMatchObject({
      ended: { by: 'client', phase: 'data', cause: 'idle-timeout' },
      termination: 'cD',
    })
  })

  it('blames the client that stops reading its answer while it still uploads', async () => {
    const { client, peer, head } = await open(`${POST}half`)
    await peer.receive(head.length + 4)
    client.pause()
    peer.send(Buffer.from(headOf(100 * MIB)))
    peer.sendForEver(Buffer.alloc(64 * 1024))
    await settled(bytesDown)
    expect(await recordAfter(IDLE_MS)).toMatchObject({
      ended: { by: 'client', phase: 'data', cause: 'idle-timeout' },
      termination: 'cD',
    })
  })

  it('blames nobody as long as bytes move either way', async () => {
    const { client, peer, head } = await open(`${POST}half`)
    peer.send(Buffer.from(headOf(5)))
    await client.receive(headOf(5).length)
    for (let i = 1; i <= 4; i++) {
      advanceClock(IDLE_MS - 1000)
      const [from, to, before] =
        i % 2 === 0 ? [peer, client, headOf(5).length] : [client, peer, head.length + 4]
      from.send(Buffer.from('x'))
      await to.receive(before + Math.ceil(i / 2))
      await deadlinesAreLookedAt()
    }
    expect(bed.records).toEqual([])
    client.reset()
  })
}
