/**
 * A source whose sink is full is muted: what arrives does not wake the process. When the sink takes bytes again, the
 * pipe finds what came meanwhile, in order: bytes, an end, a reset or an urgent byte.
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
/** Fits into the receive buffer of any socket, so all of it arrives although nobody reads. */
const FITS_UNREAD = 32 * KIB
/** More than the buffers of both connections and a kernel pipe take together. */
const FITS_NOWHERE = 24 * 1024 * KIB
const MOST_LOOKED_AT = 128 * KIB

const cases = carriages()
  .filter(({ name }) => ['kernel carrier', 'copy carrier', 'auto'].includes(name))
  .flatMap((carriage) =>
    (['IPv4', 'unix'] as const).map((family) => [carriage.name, family, carriage] as const),
  )

// carriages() has printed the reason.
if (cases.length === 0) test.skip('muting is not tested: there is no kernel engine here', () => {})

const isMuted = ({ ready }: { ready: number }): boolean => (ready & MUTED) !== 0

/** How many bytes have come and are not read yet. */
const unread = (socket: FdSocket): number => socket.peek(MOST_LOOKED_AT).length

describe.each(cases)('a source whose sink is full (%s, %s)', (_name, family: Family, carriage) => {
  let rig: Rig
  let joined: Joined
  /** The peer of the source, and the peer of the sink. The latter has stopped reading. */
  let sender: Peer
  let reader: Peer
  let source: FdSocket
  /** The bytes that the reader must receive before those of the sender. */
  let filled: Buffer
  beforeEach(() => {
    rig = new Rig(carriage, family)
  })
  afterEach(async () => {
    vi.restoreAllMocks()
    restoreClock()
    expect(await rig.finish()).toEqual([])
  })

  /** Starts a pipe in which one byte of the client waits for a backend that takes none. */
  async function stall(options: JoinOptions = {}): Promise<void> {
    const [client, backend] = [await rig.accept(), await rig.dial()]
    filled = await fill(backend)
    joined = rig.pipe(client, backend, { idleTimeoutMs: 0, ...options })
    sender = client[0]
    reader = backend[0]
    source = client[1] as FdSocket
    sender.send(pattern(2, 1))
    await until(() => joined.pipe.up.inside === 1 && isMuted(source))
    // After each change of the wanted events the kernel reports what is there: room for writing.
    await turns(20)
  }

  const missing = (): string | undefined => difference(reader.received, Buffer.concat([filled, sender.sent]))

  /** Waits for all bytes of the sender, including those it sends during the wait. */
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

  test('a muted source does not wake the process while more bytes arrive', async () => {
    await stall()
    const told = vi.spyOn(source, 'notify')
    const batches = vi.spyOn(source.loop.runQueue, 'tick')
    for (let i = 0; i < 100; i++) await sendUnread(100)
    await turns(20)
    expect(told).not.toHaveBeenCalled()
    expect(batches).not.toHaveBeenCalled()
  })

  test.each([0, 1, FITS_UNREAD])(
    '%i unread bytes of a muted source are passed on in order once the sink takes bytes',
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

  test('a muted source is unmuted only after it was found empty', async () => {
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

  test('a source loses no byte that arrives at the moment of its muting or unmuting', async () => {
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
    "a muted source's end behind %i bytes is noticed at once and passed on after them",
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

  test('a muted source does not stop the other way of its pipe from moving and ending', async () => {
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

  test('two sources that are muted both ways at once both go on', async () => {
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

  test('a pipe with a muted source ends by its idle timeout and leaves nothing behind for the next pipe', async () => {
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

  test('a source whose sink is full is muted once, and a source whose sink takes bytes never', async () => {
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

  // A unix socket has neither resets nor urgent bytes.
  if (family === 'unix') return

  test("a muted source's reset is noticed at once and passed on after the bytes before it", async () => {
    await stall()
    await sendUnread(FITS_UNREAD)
    sender.reset()
    await until(() => source.error !== undefined)
    reader.resume()
    expect(await reader.reallyEnded()).toBe('ECONNRESET')
    expect(missing()).toBeUndefined()
    expect(await joined.ended).toEqual({ by: 'client', cause: 'reset', errno: 'ECONNRESET' })
  })

  test('a muted source is reset when its sink resets', async () => {
    await stall()
    await sendUnread(100)
    reader.reset()
    expect(await joined.ended).toMatchObject({ by: 'backend', cause: 'reset' })
    expect(await sender.reallyEnded()).toMatch(/ECONNRESET|EPIPE/)
    expect(rig.engine.counts()?.pipesInUse).toBe(0)
  })

  test.runIf(canSendUrgent)('an urgent byte does not wake a muted source or stop other bytes', async () => {
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
    // Only a splice counts urgent bytes, and only if the urgent byte became an event in the end.
    if (carriage.splice === 'on') expect(rig.counters.urgentFallbacks).toBeGreaterThan(0)
  })
})
