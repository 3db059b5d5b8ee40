/**
 * A run of a pipe moves bytes once. What is left waits for its turn behind all other pipes, and needs no further
 * event. Each test queues more than one move takes, and the sender then sends no more.
 */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { DEFAULT_PIPE_LIMITS } from '../../src/io/engine.js'
import type { FdSocket } from '../../src/io/kernel/fd-socket.js'
import { MUTED, READABLE } from '../../src/io/socket.js'
import { difference, pattern } from '../support/bytes.js'
import { carriages } from '../support/carriages.js'
import { type End, type Family, type Joined, Rig } from '../support/rig.js'
import { turns, until } from '../support/wait.js'
import { fill } from './full-sink.js'

const KIB = 1024
const MIB = 1024 * KIB
/** A kernel pipe of the smallest useful size: 16 slots. 16 segments fill it, however small they are. */
const PIPE_BYTES = 64 * KIB
const SLOTS = 16
const SEGMENTS = 200

const [carriage] = carriages().filter(({ name }) => name === 'kernel carrier')

describe.runIf(carriage !== undefined)('one move a run', () => {
  let rig: Rig
  const begin = (family: Family): void => {
    rig = new Rig(carriage!, family)
    rig.engine.limitPipes({ ...DEFAULT_PIPE_LIMITS, kernelPipeBytes: PIPE_BYTES })
  }
  // A unix socket never merges the segments it received, and reports them once.
  beforeEach(() => begin('unix'))
  afterEach(async () => {
    vi.restoreAllMocks()
    rig.engine.limitPipes(DEFAULT_PIPE_LIMITS)
    expect(await rig.finish()).toEqual([])
  })

  /** Both ends of a pipe that has not begun. The client has sent `count` segments of one byte, and sends no more. */
  async function queue(count: number): Promise<[client: End, backend: End]> {
    const ends: [End, End] = [await rig.accept(), await rig.dial()]
    const [[client, near]] = ends
    for (let i = 0; i < count; i++) {
      client.send(pattern(1, 1, i))
      await turns(1)
    }
    await until(() => (near.ready & READABLE) !== 0 && near.peek(MIB).length === client.sentBytes)
    return ends
  }

  /** Starts all pipes so that each has its first run before any has its second. */
  function startTogether(ends: readonly [End, End][]): Joined[] {
    const joined: Joined[] = []
    const run = (): void => {
      for (const [client, backend] of ends) joined.push(rig.pipe(client, backend))
    }
    rig.engine.runQueue.add({ isQueued: false, run })
    rig.engine.runQueue.drain()
    return joined
  }

  test('a pipe delivers more segments than its kernel pipe has slots, without a further event', async () => {
    const { client, backend } = rig.pipe(...(await queue(SEGMENTS)))
    await backend.receive(client.sentBytes)
    expect(backend.missingFrom(client)).toBeUndefined()
  })

  test.each(['IPv4', 'unix'] as const)(
    'a pipe delivers 4 MiB and one byte without a further event (%s)',
    async (family) => {
      await rig.finish()
      begin(family)
      const ends = [await rig.accept(), await rig.dial()] as const
      ends[0][0].send(pattern(2, 4 * MIB + 1))
      await turns(20)
      const { client, backend } = rig.pipe(...ends)
      await backend.receive(4 * MIB + 1)
      expect(backend.missingFrom(client)).toBeUndefined()
    },
  )

  test('a pipe that needs several moves still finds the end behind the bytes', async () => {
    const ends = await queue(SEGMENTS)
    ends[0][0].end()
    await turns(20)
    const { client, backend } = rig.pipe(...ends)
    expect(await backend.ended).toBe('fin')
    expect(backend.missingFrom(client)).toBeUndefined()
  })

  test('a muted source that needs several moves is unmuted only when it was found empty', async () => {
    const [client, backend] = [await rig.accept(), await rig.dial()]
    const filled = await fill(backend)
    const joined = rig.pipe(client, backend, { idleTimeoutMs: 0 })
    const near = client[1] as FdSocket
    client[0].send(pattern(1, 1))
    await until(() => (near.ready & MUTED) !== 0)
    for (let i = 1; i <= SEGMENTS; i++) {
      client[0].send(pattern(1, 1, i))
      await turns(1)
    }
    await until(() => near.peek(MIB).length === SEGMENTS)
    const unmute = near.unmute.bind(near)
    const leftUnread: number[] = []
    vi.spyOn(near, 'unmute').mockImplementation(() => {
      if ((near.ready & MUTED) !== 0) leftUnread.push(near.peek(MIB).length)
      unmute()
    })
    backend[0].resume()
    await backend[0].receive(filled.length + 1 + SEGMENTS)
    await until(() => leftUnread.length > 0)
    expect(leftUnread).toEqual([0])
    expect(difference(backend[0].received, Buffer.concat([filled, joined.client.sent]))).toBeUndefined()
  })

  test('pipes take turns, and a quiet one waits for one move of each bulk pipe', async () => {
    const bulk = [await queue(SEGMENTS), await queue(SEGMENTS), await queue(SEGMENTS)]
    const quiet = await queue(1)
    const sources = [...bulk, quiet].map(([[, near]]) => (near as FdSocket).fd)
    const splice = vi.spyOn((quiet[0][1] as FdSocket).loop.native, 'splice')
    const joined = startTogether([...bulk, quiet])
    for (const { client, backend } of joined) {
      await backend.receive(client.sentBytes)
      expect(backend.missingFrom(client)).toBeUndefined()
    }
    const order = splice.mock.calls.map(([source]) => source).filter((source) => sources.includes(source))
    expect(order.slice(0, sources.length)).toEqual(sources)
    const ofBulk = order.filter((source) => source !== sources.at(-1))
    expect(ofBulk.length).toBeGreaterThanOrEqual((SEGMENTS / SLOTS) * bulk.length)
    expect(ofBulk).toEqual(ofBulk.map((_, i) => sources[i % bulk.length]))
  })
})
