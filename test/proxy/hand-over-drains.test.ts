/** A drain that an operator has ordered ends its connections also in an upgrade. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { kernelLoop } from '../../src/io/choose-engine.js'
import { KernelLoop } from '../../src/io/kernel/kernel-loop.js'
import { advanceClock, restoreClock, stopClock } from '../support/clock.js'
import { temporaryFolder } from '../support/folder.js'
import { HandOverRig } from './hand-over-rig.js'

const folder = temporaryFolder()

describe.runIf(kernelLoop() instanceof KernelLoop)('a hand-over while connections are drained', () => {
  let rig: HandOverRig
  beforeEach(async () => {
    rig = await HandOverRig.begin(folder)
  })
  afterEach(async () => {
    restoreClock()
    await rig.end()
  })

  test('connections that the drain of a cluster ends stay, and those of a drain without a deadline move', async () => {
    const [a, b] = [await rig.proxy(), await rig.proxy()]
    await rig.join(a)
    const drained = a.drain({ cluster: 'back', deadlineMs: 60_000, spreadMs: 0 })
    expect(await rig.give(a, b)).toBe(0)
    await a.clusters.set('back', rig.backend.address, { state: 'up' })
    for (const backend of a.clusters.present[0]!.backends) a.drains.spareBackend(backend)
    expect((await drained).cancelled).toBe(true)
    void a.drain({ cluster: 'back', deadlineMs: 0 })
    expect(await rig.give(a, b)).toBe(1)
  })

  test('a drain that has begun in the new process takes no connection, also when it is over, until it is cancelled', async () => {
    const [a, b] = [await rig.proxy(), await rig.proxy()]
    await rig.join(a)
    await b.drain({ cluster: 'back', deadlineMs: 60_000 })
    expect(await rig.give(a, b)).toBe(0)
    for (const backend of b.clusters.present[0]!.backends) b.drains.spareBackend(backend)
    expect(await rig.give(a, b)).toBe(1)
  })

  test('a drain of a listener takes no connection of this listener, until it is opened again', async () => {
    const [a, b] = [await rig.proxy(), await rig.proxy()]
    await rig.join(a)
    await b.drain({ listener: 'front', deadlineMs: 60_000 })
    expect(await rig.give(a, b)).toBe(0)
    await b.reloader.openListener('front')
    expect(await rig.give(a, b)).toBe(1)
  })

  test('a drain without a deadline, or one that is past its deadline, keeps no connection away', async () => {
    stopClock()
    const [a, b] = [await rig.proxy(), await rig.proxy()]
    await rig.join(a)
    await b.drain({ cluster: 'back', deadlineMs: 0 })
    await b.drain({ cluster: 'back', deadlineMs: 1000 })
    advanceClock(1000)
    expect(await rig.give(a, b)).toBe(1)
  })

  test('connections of a process that drains everything move', async () => {
    const [a, b] = [await rig.proxy(), await rig.proxy()]
    await rig.join(a)
    const drained = a.drain({ deadlineMs: 60_000 })
    expect(await rig.give(a, b)).toBe(1)
    await drained
  })
})
