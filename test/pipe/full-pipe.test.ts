/**
 * A kernel pipe that holds bytes and cannot be emptied, because the test has filled its sink's buffers. In this
 * state EAGAIN has another meaning, ends must wait, and the kernel pipe must not go back to the pool.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DEFAULT_PIPE_LIMITS } from '../../src/io/engine.js'
import { difference, pattern } from '../support/bytes.js'
import { carriages } from '../support/carriages.js'
import { openedSince, openFds } from '../support/fds.js'
import { type End, type Joined, Rig } from '../support/rig.js'
import { turns, until } from '../support/wait.js'
import { fill } from './full-sink.js'

const KIB = 1024
/** The smallest useful kernel pipe: 16 slots of a page. */
const PIPE_BYTES = 64 * KIB

/** Both ways through the pipe, each with its source and its sink. */
const WAYS = [
  { name: 'up', direction: 'up', source: 'client', sink: 'backend' },
  { name: 'down', direction: 'down', source: 'backend', sink: 'client' },
] as const

const [carriage] = carriages().filter(({ name }) => name === 'kernel carrier')

describe.runIf(carriage !== undefined).each(WAYS)('a full kernel pipe ($name)', (way) => {
  let rig: Rig
  /** The bytes that the sink was filled with. */
  let filled: Buffer
  let fdsBefore: string[]
  beforeEach(() => {
    fdsBefore = openFds()
    rig = new Rig(carriage!)
    rig.engine.limitPipes({ ...DEFAULT_PIPE_LIMITS, kernelPipeBytes: PIPE_BYTES })
  })
  afterEach(async () => {
    expect(await rig.finish()).toEqual([])
  })

  /** A running pipe whose sink takes nothing. `before` acts on the source before the pipe begins. */
  async function joinStalled(before: (source: End[0]) => unknown): Promise<Joined> {
    const ends = { client: await rig.accept(), backend: await rig.dial() }
    filled = await fill(ends[way.sink])
    await before(ends[way.source][0])
    const joined = rig.pipe(ends.client, ends.backend, { idleTimeoutMs: 0 })
    const { [way.direction]: direction } = joined.pipe
    await until(() => direction.inside + direction.bytes > 0)
    expect(direction.bytes).toBe(0)
    return joined
  }

  const openPipes = () => openedSince(fdsBefore).filter((fd) => fd.includes('pipe:'))
  const leased = (): number => rig.engine.counts()?.pipesInUse ?? 0

  test('a kernel pipe that runs out of slots loses no byte and delays none once the sink reads', async () => {
    const joined = await joinStalled(async (source) => {
      for (let i = 0; i < 100; i++) {
        source.send(pattern(2, 1, i))
        await turns(1)
      }
    })
    const { [way.source]: source, [way.sink]: sink } = joined
    expect(joined.pipe[way.direction].inside).toBeLessThan(100)
    expect(leased()).toBe(1)
    source.send(pattern(2, 50 * KIB, 100))
    await turns(50)
    sink.resume()
    await sink.receive(filled.length + source.sentBytes)
    expect(difference(sink.received, Buffer.concat([filled, source.sent]))).toBeUndefined()
    await until(() => leased() === 0)
  })

  test("a full kernel pipe holds back its source's end until it is empty", async () => {
    const joined = await joinStalled((source) => {
      source.send(pattern(3, 300 * KIB))
      source.end()
    })
    const { [way.source]: source, [way.sink]: sink } = joined
    await turns(50)
    expect(joined.pipe[way.direction].phase).toBe('flowing')
    sink.resume()
    expect(await sink.ended).toBe('fin')
    expect(difference(sink.received, Buffer.concat([filled, source.sent]))).toBeUndefined()
  })

  test('a stalled kernel pipe with a few bytes delivers them before their end', async () => {
    const joined = await joinStalled((source) => {
      source.send(pattern(4, 5))
      source.end()
    })
    const { [way.source]: source, [way.sink]: sink } = joined
    sink.resume()
    expect(await sink.ended).toBe('fin')
    expect(difference(sink.received, Buffer.concat([filled, source.sent]))).toBeUndefined()
  })

  test('a kernel pipe is emptied before a reset of its source is passed on', async () => {
    const joined = await joinStalled((source) => source.send(pattern(5, 20 * KIB)))
    const { [way.source]: source, [way.sink]: sink } = joined
    source.reset()
    await until(() => joined.pipe[way.source].error !== undefined)
    sink.resume()
    expect(await sink.reallyEnded()).toBe('ECONNRESET')
    expect(difference(sink.received, Buffer.concat([filled, source.sent]))).toBeUndefined()
  })

  test('a full kernel pipe whose sink resets is closed and does not go back to the pool', async () => {
    const joined = await joinStalled((source) => source.send(pattern(6, 300 * KIB)))
    const pipe = openPipes()
    expect(pipe).toHaveLength(2)
    joined[way.sink].reset()
    expect(await joined.ended).toMatchObject({ by: way.sink, cause: 'reset' })
    expect(await joined[way.source].reallyEnded()).toMatch(/ECONNRESET|EPIPE/)
    expect(leased()).toBe(0)
    expect(openPipes().filter((fd) => pipe.includes(fd))).toEqual([])
  })
})
