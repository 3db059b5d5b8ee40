import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { kernelLoop } from '../../src/io/choose-engine.js'
import { FdSocket } from '../../src/io/fd-socket.js'
import { KernelLoop } from '../../src/io/kernel-loop.js'
import { pattern } from '../support/bytes.js'
import { carriages } from '../support/carriages.js'
import { type Joined, Rig } from '../support/rig.js'

const MIB = 1024 * 1024
/** Enough to be marked, whatever it takes after a pause or two. */
const STEADY_BYTES = 24 * MIB

const kernel = carriages().find(({ name }) => name === 'kernel carrier')
if (kernel === undefined) console.log('the low-water mark is not tested: there is no kernel path here')

describe.runIf(kernel !== undefined)('the low-water mark on steady bulk', () => {
  let rig: Rig
  let joined: Joined

  beforeEach(async () => {
    rig = new Rig(kernel!)
    joined = await rig.join()
  })
  afterEach(async () => {
    expect(await rig.finish()).toEqual([])
  })

  const isMarked = (): boolean => {
    const loop = kernelLoop()
    const source = joined.pipe.backend
    return loop instanceof KernelLoop && source instanceof FdSocket && loop.lowWater.isMarked(source)
  }

  /** Sends and waits until all of it has come; answers whether the source was marked on the way. */
  const flow = async (bytes: number): Promise<boolean> => {
    const { client, backend } = joined
    const run = joined.pipe.run.bind(joined.pipe)
    let wasMarked = false
    joined.pipe.run = () => {
      run()
      wasMarked ||= isMarked()
    }
    backend.send(pattern(1, bytes))
    await client.receive(client.receivedBytes + bytes)
    return wasMarked
  }

  test('marks a source that flows without a pause', async () => {
    expect(await flow(STEADY_BYTES)).toBe(true)
    expect(joined.client.missingFrom(joined.backend)).toBeUndefined()
  })

  test('leaves a source alone that sends less', async () => {
    expect(await flow(2 * MIB)).toBe(false)
  })

  test('delivers the tail of a burst though nothing follows it and no end comes', async () => {
    for (const tail of [1, 1000, 65_536, 200_000, 262_143, 262_145]) await flow(STEADY_BYTES + tail)
    expect(joined.client.missingFrom(joined.backend)).toBeUndefined()
  })

  test('delivers messages of any size that follow a burst', async () => {
    await flow(STEADY_BYTES)
    for (let size = 1; size < MIB; size *= 3) await flow(size)
    expect(joined.client.missingFrom(joined.backend)).toBeUndefined()
  })

  test('is taken off when the other way asks for something: an answer has an end', async () => {
    const loop = kernelLoop() as KernelLoop
    const paused = vi.spyOn(loop.lowWater, 'paused')
    await rig.finish()
    rig = new Rig(carriages().find(({ name }) => name === 'auto')!)
    joined = await rig.join()
    expect(await flow(STEADY_BYTES)).toBe(true)
    paused.mockClear()
    joined.client.send(Buffer.from('?'))
    await joined.backend.receive(1)
    expect(paused).toHaveBeenCalledWith(joined.pipe.backend)
    paused.mockRestore()
  })

  test('hands a FIN on that comes while the mark is set, after the last byte', async () => {
    await flow(STEADY_BYTES)
    joined.backend.send(pattern(2, STEADY_BYTES + 17))
    joined.backend.end()
    expect(await joined.client.ended).toBe('fin')
    expect(joined.client.missingFrom(joined.backend)).toBeUndefined()
  })

  test('delivers the tails of sources that flow at the same time, and keeps count of their marks', async () => {
    const pairs = [joined, await rig.join(), await rig.join()]
    const { lowWater } = kernelLoop() as KernelLoop
    let most = 0
    for (const { pipe } of pairs) {
      const run = pipe.run.bind(pipe)
      pipe.run = () => {
        run()
        most = Math.max(most, lowWater.marks)
      }
    }
    for (const tail of [1, 65_536, 200_000]) {
      for (const { backend } of pairs) backend.send(pattern(tail, STEADY_BYTES + tail))
      await Promise.all(pairs.map(({ client, backend }) => client.receive(backend.sentBytes)))
    }
    expect(most).toBeGreaterThan(1)
    for (const { client, backend } of pairs) expect(client.missingFrom(backend)).toBeUndefined()
    for (const { client } of pairs) client.reset()
    await Promise.all(pairs.map(({ ended }) => ended))
    expect(lowWater.marks).toBe(0)
  })
})
