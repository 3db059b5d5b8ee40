/** Single moves of the addon between two real connections: the bytes that move, and the findings. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createEngine, kernelLoop } from '../../../src/io/choose-engine.js'
import { DEFAULT_PIPE_LIMITS } from '../../../src/io/engine.js'
import type { FdSocket } from '../../../src/io/kernel/fd-socket.js'
import { KernelLoop } from '../../../src/io/kernel/kernel-loop.js'
import * as native from '../../../src/io/kernel/native-constants.js'
import { BROKEN, PEER_ENDED } from '../../../src/io/socket.js'
import { fill } from '../../pipe/full-sink.js'
import { pattern } from '../../support/bytes.js'
import type { Peer } from '../../support/peer.js'
import { type Family, Rig } from '../../support/rig.js'
import { canSendUrgent, sendSegments } from '../../support/urgent.js'
import { turns, until } from '../../support/wait.js'

const KIB = 1024
const MIB = 1024 * KIB
/** Every receive buffer has room for this much. All of it arrives although nobody reads. */
const FITS_UNREAD = 32 * KIB
const PAGE_BYTES = 4096
const SCRATCH_BYTES = 128 * KIB
const EAGAIN = 11
const ECONNRESET = 104
const { HINT_READABLE, HINT_MAY_BE_URGENT, HINT_READ_TO_THE_END, HINT_MAY_BE_EMPTY } = native
const { SOURCE_EMPTY, SOURCE_ENDED, SOURCE_FAILED, SINK_FULL, URGENT_COPIED, NO_KERNEL_PIPE } = native

const loop = kernelLoop()
if (!(loop instanceof KernelLoop)) console.log(`not tested with the addon's moves: ${loop}`)

describe.runIf(loop instanceof KernelLoop)('moves of the addon', () => {
  let rig: Rig
  /** The sender sends to the source, and the reader reads from the sink. */
  let sender: Peer
  let reader: Peer
  let source: FdSocket
  let sink: FdSocket
  /** The kernel pipe that the last move left leased. */
  let leased: number
  const begin = async (family: Family): Promise<void> => {
    const facts = { splice: 'on', noticesResetsOfUnread: true, knowsAcknowledged: true } as const
    rig = new Rig({ name: 'addon', ...facts, createEngine }, family)
    const [client, backend] = [await rig.accept(), await rig.dial()]
    ;[sender, reader] = [client[0], backend[0]]
    ;[source, sink] = [client[1] as FdSocket, backend[1] as FdSocket]
    leased = NO_KERNEL_PIPE
  }
  const end = async (): Promise<void> => {
    source.loop.native.discardPipe(leased)
    for (const peer of [sender, reader]) peer.socket.destroy()
    for (const socket of [source, sink]) socket.close()
    await Promise.all([sender.closed, reader.closed])
    rig.engine.limitPipes(DEFAULT_PIPE_LIMITS)
    expect(await rig.finish()).toEqual([])
  }
  beforeEach(() => begin('IPv4'))
  afterEach(end)

  const outcome = (found: number) => {
    const { outcome: cells } = source.loop
    leased = cells[native.PIPE]!
    return {
      found,
      came: cells[native.IN]!,
      went: cells[native.OUT]!,
      pipe: leased,
      copied: cells[native.COPIED]!,
      error: cells[native.ERROR]!,
      left: cells[native.LEFT_BYTES]!,
      leftAt: cells[native.LEFT_AT]!,
    }
  }
  const splice = (hints: number, { pipe = NO_KERNEL_PIPE } = {}) =>
    outcome(source.loop.native.splice(source.fd, sink.fd, pipe, MIB, hints))
  const copy = (hints: number, budget = MIB) =>
    outcome(source.loop.native.copy(source.fd, sink.fd, budget, hints))
  const pipesInUse = (): number => rig.engine.counts()!.pipesInUse

  /** Sends bytes to the source, and waits until all of them can be read. */
  async function queue(bytes: number): Promise<void> {
    const before = source.peek(SCRATCH_BYTES).length
    sender.send(pattern(1, bytes, sender.sentBytes))
    await until(() => source.peek(SCRATCH_BYTES).length === before + bytes)
  }

  /** Lets the reader take all bytes that are in the kernel, and no more. */
  async function emptySink(): Promise<void> {
    reader.resume()
    await until(() => sink.unacknowledgedBytes() === 0)
    reader.pause()
  }

  async function endSource(): Promise<void> {
    sender.end()
    await until(() => (source.ready & PEER_ENDED) !== 0)
  }

  describe.each([
    ['by splice', (hints: number) => splice(hints)],
    ['by copy', (hints: number) => copy(hints)],
  ])('%s', (_, move) => {
    test('a move passes on all bytes of its source', async () => {
      await queue(5)
      expect(move(HINT_READABLE)).toMatchObject({ came: 5, went: 5, pipe: NO_KERNEL_PIPE, left: 0 })
      await reader.receive(5)
      expect(reader.missingFrom(sender)).toBeUndefined()
      expect(pipesInUse()).toBe(0)
    })

    test('a move reports that a source without bytes is empty', () => {
      expect(move(HINT_READABLE)).toMatchObject({ found: SOURCE_EMPTY, came: 0, went: 0 })
    })

    test('a move reports the end of its source, with or without the hint that the source may be empty', async () => {
      await endSource()
      expect(move(HINT_READABLE | HINT_MAY_BE_EMPTY).found).toBe(SOURCE_ENDED)
      expect(move(HINT_READABLE).found).toBe(SOURCE_ENDED)
    })

    test('a move reports the reset of its source with the errno', async () => {
      let ready = 0
      // The test takes the event, so that the move is the first to find the reset.
      source.notify = (readiness) => {
        ready |= readiness
      }
      sender.reset()
      await until(() => (ready & BROKEN) !== 0)
      expect(move(HINT_READABLE)).toMatchObject({ found: SOURCE_FAILED, error: ECONNRESET })
    })

    test('a move reports that its sink is full', async () => {
      await fill([reader, sink])
      await queue(5)
      expect(move(HINT_READABLE).found & SINK_FULL).toBe(SINK_FULL)
      expect(outcome(0)).toMatchObject({ came: 5, went: 0 })
    })
  })

  test('receive() tells bytes, no bytes and the end apart, and a peek leaves the bytes in the socket', async () => {
    const receive = (isPeek: boolean): number => source.loop.native.receive(source.fd, 10, isPeek)
    expect(receive(false)).toBe(-EAGAIN)
    await queue(5)
    expect([receive(true), receive(false), receive(true)]).toEqual([5, 5, -EAGAIN])
    await endSource()
    expect(receive(true)).toBe(0)
  })

  test('a copy keeps to its budget, and reports nothing about the bytes after it', async () => {
    await queue(2000)
    expect(copy(HINT_READABLE, 1000)).toMatchObject({ found: 0, came: 1000, went: 1000 })
    expect(copy(HINT_READABLE)).toMatchObject({ found: SOURCE_EMPTY, came: 1000 })
  })

  test('a copy from a source that has ended reads until it finds the end', async () => {
    await queue(5)
    await endSource()
    expect(copy(HINT_READABLE | HINT_READ_TO_THE_END)).toMatchObject({
      found: SOURCE_ENDED,
      came: 5,
      went: 5,
    })
  })

  test('a copy reports a full sink, and which bytes the sink did not take', async () => {
    reader.pause()
    sender.sendForEver(pattern(1, 64 * KIB))
    const budget = SCRATCH_BYTES / 2
    let moved = copy(HINT_READABLE, budget)
    for (; moved.left === 0 || moved.went === 0; moved = copy(HINT_READABLE, budget)) {
      if (moved.left > 0) await emptySink()
      await turns(1)
    }
    expect(moved.found & SINK_FULL).toBe(SINK_FULL)
    expect(moved).toMatchObject({ leftAt: moved.went, left: moved.came - moved.went })
  })

  test('a copy into a full sink reads its source only once', async () => {
    await end()
    await begin('unix')
    await fill([reader, sink])
    sender.send(pattern(1, MIB))
    await until(() => source.peek(SCRATCH_BYTES).length === SCRATCH_BYTES)
    expect(copy(HINT_READABLE)).toMatchObject({
      came: SCRATCH_BYTES,
      went: 0,
      leftAt: 0,
      left: SCRATCH_BYTES,
    })
  })

  describe('by splice', () => {
    test('a splice without the hint that its source is readable reads nothing', async () => {
      await queue(5)
      expect(splice(0)).toMatchObject({ found: 0, came: 0 })
    })

    test('a splice into a full sink leaves the bytes in its kernel pipe, and a later splice sends them', async () => {
      const filled = await fill([reader, sink])
      await queue(5)
      const { pipe } = splice(HINT_READABLE)
      expect(pipe).not.toBe(NO_KERNEL_PIPE)
      expect(pipesInUse()).toBe(1)
      await queue(5)
      expect(splice(HINT_READABLE, { pipe })).toMatchObject({ found: SINK_FULL, came: 0, went: 0, pipe })
      expect(pipesInUse()).toBe(1)
      reader.resume()
      await reader.receive(filled.length)
      await until(() => sink.unacknowledgedBytes() === 0)
      expect(splice(0, { pipe })).toMatchObject({ found: 0, came: 0, went: 5, pipe: NO_KERNEL_PIPE })
      expect(pipesInUse()).toBe(0)
    })

    test('a splice reports a full sink if the sink took only a part of the bytes', async () => {
      reader.pause()
      sender.sendForEver(pattern(1, 64 * KIB))
      let moved = splice(HINT_READABLE)
      for (; moved.pipe === NO_KERNEL_PIPE || moved.went === 0; moved = splice(HINT_READABLE, moved)) {
        if (moved.pipe !== NO_KERNEL_PIPE) await emptySink()
        await turns(1)
      }
      expect(moved.found).toBe(SINK_FULL)
    })

    test('a splice takes at most 64 KiB if the kernel pipes have reached their memory limit', async () => {
      await end()
      await begin('unix')
      rig.engine.limitPipes({ ...DEFAULT_PIPE_LIMITS, pinnedMemoryBytes: 0 })
      sender.send(pattern(1, MIB))
      await until(() => source.peek(SCRATCH_BYTES).length === SCRATCH_BYTES)
      expect(splice(HINT_READABLE).came).toBeLessThanOrEqual(64 * KIB)
    })

    test('emptyPipe() takes back the bytes that a splice left in its kernel pipe, and frees the pipe', async () => {
      await fill([reader, sink])
      await queue(FITS_UNREAD)
      const { pipe, came } = splice(HINT_READABLE)
      expect(came).toBeGreaterThan(0)
      const back = Buffer.alloc(came)
      expect(source.loop.native.emptyPipe(pipe, back)).toBe(came)
      expect(back.equals(pattern(1, came))).toBe(true)
      expect(pipesInUse()).toBe(0)
    })
  })

  describe.runIf(canSendUrgent)('a source with an urgent byte', () => {
    /** Sends three bytes, an urgent byte and then `behind` more bytes. */
    async function queueUrgent(behind: number): Promise<void> {
      const { native: addon } = source.loop
      const { fd } = (sender.socket as unknown as { _handle: { fd: number } })._handle
      await sendSegments(sender, 'abc', '!!')
      sender.send(pattern(1, behind))
      // A peek ends at the urgent byte, so the test waits until all bytes are acknowledged.
      await until(() => sender.socket.writableLength === 0 && addon.unacknowledged(fd) === 0)
    }

    test.each([
      ['no event announced it', HINT_READABLE, 0],
      ['an event announced it', HINT_READABLE | HINT_MAY_BE_EMPTY | HINT_MAY_BE_URGENT, URGENT_COPIED],
    ])('a splice copies one page of the bytes after an urgent byte if %s', async (_, hints, found) => {
      await queueUrgent(FITS_UNREAD / 2)
      expect(splice(HINT_READABLE)).toMatchObject({ found: 0, came: 3, went: 3, copied: 0 })
      const page = { came: PAGE_BYTES, went: PAGE_BYTES, copied: PAGE_BYTES, left: 0 }
      expect(splice(hints)).toMatchObject({ found, ...page })
    })

    test('one copy takes the bytes before and after an urgent byte', async () => {
      await queueUrgent(5)
      expect(copy(HINT_READABLE | HINT_MAY_BE_URGENT).came).toBe(8)
    })
  })
})
