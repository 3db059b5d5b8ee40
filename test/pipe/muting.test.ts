/**
 * A source whose sink is full is muted: what arrives wakes nobody. Whatever comes meanwhile (bytes, an end, a
 * reset, an urgent byte) is found when the sink takes bytes again, after what came before it.
 */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { kernelLoop } from '../../src/io/choose-engine.js'
import type { FdSocket } from '../../src/io/kernel/fd-socket.js'
import type { KernelLoop } from '../../src/io/kernel/kernel-loop.js'
import { MUTED, PEER_ENDED } from '../../src/io/socket.js'
import { difference, pattern } from '../support/bytes.js'
import { carriages } from '../support/carriages.js'
import { advanceClock, restoreClock } from '../support/clock.js'
import type { Peer } from '../support/peer.js'
import { type Family, type Joined, type JoinOptions, Rig } from '../support/rig.js'
import { canSendUrgent, sendSegments } from '../support/urgent.js'
import { turns, until } from '../support/wait.js'
import { fill } from './full-sink.js'

const KIB = 1024
/** Of any socket's receive buffer, what is there at least: the whole of it arrives though nobody reads. */
const FITS_UNREAD = 32 * KIB
/** More than the buffers of both connections and a kernel pipe take. */
const FITS_NOWHERE = 24 * 1024 * KIB
const MOST_LOOKED_AT = 128 * KIB

const cases = carriages()
  .filter(({ name }) => ['kernel carrier', 'copy carrier', 'auto'].includes(name))
  .flatMap((carriage) =>
    (['IPv4', 'unix'] as const).map((family) => [carriage.name, family, carriage] as const),
  )

// carriages() has told why.
if (cases.length === 0) test.skip('there is no kernel path here', () => {})

const isMuted = ({ ready }: { ready: number }): boolean => (ready & MUTED) !== 0

/** How much has come and lies unread. */
const unread = (socket: FdSocket): number => socket.peek(MOST_LOOKED_AT).length

describe.each(cases)('a source whose sink is full (%s, %s)', (_name, family: Family, carriage) => {
  let rig: Rig
  let joined: Joined
  /** Its peer, and the peer of its sink, which has stopped reading. */
  let sender: Peer
  let reader: Peer
  let source: FdSocket
  /** What the reader is to receive before anything of the sender's. */
  let filled: Buffer
  beforeEach(() => {
    rig = new Rig(carriage, family)
  })
  afterEach(async () => {
    vi.restoreAllMocks()
    restoreClock()
    expect(await rig.finish()).toEqual([])
  })

  /** A running pipe in which one byte of the client's waits for a backend that takes none. */
  async function stall(options: JoinOptions = {}): Promise<void> {
    const [client, backend] = [await rig.accept(), await rig.dial()]
    filled = await fill(backend)
    joined = rig.pipe(client, backend, { idleTimeoutMs: 0, ...options })
    sender = client[0]
    reader = backend[0]
    source = client[1] as FdSocket
    sender.send(pattern(2, 1))
    await until(() => joined.pipe.up.inside === 1 && isMuted(source))
    // The kernel answers each change of what is listened for with what is there: room for writing.
    await turns(20)
  }

  const missing = (): string | undefined => difference(reader.received, Buffer.concat([filled, sender.sent]))

  /** Also what is sent while it is waited for. */
  async function receiveAll(): Promise<void> {
    while (reader.receivedBytes < filled.length + sender.sentBytes)
      await reader.receive(filled.length + sender.sentBytes)
    expect(missing()).toBeUndefined()
  }

  async function sendUnread(bytes: number): Promise<void> {
    const before = unread(source)
    sender.send(pattern(2, bytes, sender.sentBytes))
    await until(() => unread(source) === before + bytes)
  }

  test('wakes nobody while more arrives', async () => {
    await stall()
    const told = vi.spyOn(source, 'notify')
    const batches = vi.spyOn(source.loop.runQueue, 'tick')
    for (let i = 0; i < 100; i++) await sendUnread(100)
    await turns(20)
    expect(told).not.toHaveBeenCalled()
    expect(batches).not.toHaveBeenCalled()
  })

  test.each([0, 1, FITS_UNREAD])(
    'has its %i bytes passed on, in order, once the sink takes some',
    async (size) => {
      await stall()
      await sendUnread(size)
      reader.resume()
      await receiveAll()
      await until(() => !isMuted(source))
      sender.send(pattern(2, 1, sender.sentBytes))
      await receiveAll()
      sender.send(pattern(2, 3000 * KIB, sender.sentBytes))
      await receiveAll()
    },
  )

  test('is heard again only after it was found empty', async () => {
    await stall()
    await sendUnread(FITS_UNREAD)
    const unmute = source.unmute.bind(source)
    const leftUnread: number[] = []
    vi.spyOn(source, 'unmute').mockImplementation(() => {
      if (isMuted(source)) leftUnread.push(unread(source))
      unmute()
    })
    reader.resume()
    await receiveAll()
    await until(() => leftUnread.length > 0)
    expect(leftUnread[0]).toBe(0)
  })

  test('loses nothing that arrives in the moment in which it is muted or heard again', async () => {
    await stall()
    const { loop } = source
    const changes = { muted: 0, heard: 0 }
    const { mute } = loop.native
    vi.spyOn(loop.native, 'mute').mockImplementation((fd, generation, isMute) => {
      if (fd !== source.fd) return mute(fd, generation, isMute)
      changes[isMute ? 'muted' : 'heard']++
      sender.send(pattern(2, 1, sender.sentBytes))
      const answer = mute(fd, generation, isMute)
      sender.send(pattern(2, 1, sender.sentBytes))
      return answer
    })
    reader.resume()
    await until(() => changes.heard > 0)
    await receiveAll()
    for (let round = 0; round < 2; round++) {
      reader.pause()
      sender.send(pattern(2, FITS_NOWHERE, sender.sentBytes))
      await until(() => isMuted(source))
      reader.resume()
      await receiveAll()
    }
    expect(changes.muted).toBeGreaterThanOrEqual(2)
  })

  test.each([0, FITS_UNREAD])(
    'has an end behind %i bytes noticed at once and passed on after them',
    async (size) => {
      await stall()
      await sendUnread(size)
      sender.end()
      await until(() => (source.ready & PEER_ENDED) !== 0)
      await turns(20)
      expect(joined.pipe.up.phase).toBe('flowing')
      reader.resume()
      expect(await reader.ended).toBe('fin')
      expect(missing()).toBeUndefined()
      reader.end()
      expect(await joined.ended).toEqual({ by: 'client', cause: 'finished' })
    },
  )

  test('does not keep its sink from being heard, nor the other way from ending', async () => {
    await stall()
    reader.send(pattern(3, 100 * KIB))
    reader.end()
    expect(await sender.ended).toBe('fin')
    expect(sender.missingFrom(reader)).toBeUndefined()
    await sendUnread(100)
    reader.resume()
    sender.end()
    await joined.ended
    await reader.closed
    expect(missing()).toBeUndefined()
  })

  test('both ways at once, both go on', async () => {
    const [client, backend] = [await rig.accept(), await rig.dial()]
    const toClient = await fill(client)
    const toBackend = await fill(backend)
    joined = rig.pipe(client, backend, { idleTimeoutMs: 0 })
    const peers = [client[0], backend[0]] as const
    for (const peer of peers) peer.send(pattern(4, 1))
    const { pipe } = joined
    await until(() => pipe.up.inside === 1 && pipe.down.inside === 1)
    await until(() => isMuted(pipe.client) && isMuted(pipe.backend))
    for (const peer of peers) peer.send(pattern(4, 300 * KIB, 1))
    await turns(50)
    for (const peer of peers) peer.resume()
    await peers[0].receive(toClient.length + 1 + 300 * KIB)
    await peers[1].receive(toBackend.length + 1 + 300 * KIB)
    expect(difference(peers[0].received, Buffer.concat([toClient, peers[1].sent]))).toBeUndefined()
    expect(difference(peers[1].received, Buffer.concat([toBackend, peers[0].sent]))).toBeUndefined()
    await until(() => !isMuted(pipe.client) && !isMuted(pipe.backend))
    for (const peer of peers) peer.end()
    expect(await joined.ended).toMatchObject({ cause: 'finished' })
  })

  test('may be idle for too long, and leaves nothing behind for the next', async () => {
    await stall({ idleTimeoutMs: 60_000 })
    await sendUnread(100)
    advanceClock(60_000)
    joined.pipe.expire(performance.now())
    expect(joined.ending).toMatchObject({ cause: 'idle-timeout' })
    expect(rig.engine.counts()).toMatchObject({ descriptors: 0, pipesInUse: 0 })
    const next = await rig.join()
    next.client.send(pattern(5, 100))
    await next.backend.receive(100)
    next.client.send(pattern(5, 100, 100))
    await next.backend.receive(200)
    expect(next.backend.missingFrom(next.client)).toBeUndefined()
  })

  test('is muted once, and no source is whose sink takes bytes', async () => {
    const mute = vi.spyOn((kernelLoop() as KernelLoop).native, 'mute')
    const easy = await rig.join()
    for (let i = 1; i <= 5; i++) {
      easy.client.send(pattern(6, 10, i * 10))
      await easy.backend.receive(i * 10)
    }
    expect(mute).not.toHaveBeenCalled()
    await stall()
    await sendUnread(100)
    reader.send(pattern(6, 100 * KIB))
    await sender.receive(100 * KIB)
    expect(mute.mock.calls.filter(([fd]) => fd === source.fd)).toHaveLength(1)
  })

  // A unix socket knows neither resets nor urgent bytes.
  if (family === 'unix') return

  test('has a reset noticed at once and passed on after what came before it', async () => {
    await stall()
    await sendUnread(FITS_UNREAD)
    sender.reset()
    await until(() => source.error !== undefined)
    reader.resume()
    expect(await reader.reallyEnded()).toBe('ECONNRESET')
    expect(missing()).toBeUndefined()
    expect(await joined.ended).toEqual({ by: 'client', cause: 'reset', errno: 'ECONNRESET' })
  })

  test('is reset when its sink is', async () => {
    await stall()
    await sendUnread(100)
    reader.reset()
    expect(await joined.ended).toMatchObject({ by: 'backend', cause: 'reset' })
    expect(await sender.reallyEnded()).toMatch(/ECONNRESET|EPIPE/)
    expect(rig.engine.counts()?.pipesInUse).toBe(0)
  })

  test.runIf(canSendUrgent)('is not woken by an urgent byte, and passes on what came around it', async () => {
    await stall()
    const told = vi.spyOn(source, 'notify')
    await sendSegments(sender, 'abc', '!!', 'def')
    await turns(50)
    expect(told).not.toHaveBeenCalled()
    const before = filled.length + 1
    const came = (): string => reader.received.subarray(before).toString().replaceAll('!', '')
    reader.resume()
    await until(() => came() === 'abcdef')
    sender.send(Buffer.from('ghi'))
    await until(() => came() === 'abcdefghi')
    // Only a splice counts them, and only where the urgent byte was an event in the end.
    if (carriage.splice === 'on') expect(rig.counters.urgentFallbacks).toBeGreaterThan(0)
  })
})
