/**
 * Workers that start while an upgrade hands over, on a simulated machine. They accept exactly when the other workers of their process do.
 * Once the new process accepts, no worker of the old one starts.
 */
import { beforeAll, expect, test, vi } from 'vitest'
import { loadReadBatch } from '../../../src/proxy/hand-over/hand-over.js'
import { outsidePromises, VirtualClock } from '../clock.js'
import { checkCalm } from './invariants.js'
import { configsFor } from './setting.js'
import type { SimulatedWorker } from './simulated-worker.js'
import { World } from './world.js'

const WORKERS = 2
/** Longer than any step of an upgrade (ms). */
const LONG_MS = 5000
/** Longer than a worker takes to start (ms). */
const STARTED_WITHIN_MS = 200
/** Of the first config. */
const LISTENERS = 2

// In a story nothing is loaded from the disk.
beforeAll(loadReadBatch)

function play(act: (world: World) => void): Promise<void> {
  return outsidePromises(() => {
    const clock = new VirtualClock()
    clock.install()
    try {
      const world = new World(clock, configsFor(WORKERS))
      world.pass(LONG_MS, () => world.main.hasAdmin)
      act(world)
    } finally {
      clock.restore()
      vi.restoreAllMocks()
    }
  })
}

const workersOf = ({ workers, mains }: World, main: number): SimulatedWorker[] =>
  workers.filter(({ supervisor }) => supervisor === mains[main]!.process)

/** Kills a worker. The next one hangs when the supervisor has told it what it starts with, and it has not read that yet. */
function replace(world: World, main: number, dying: SimulatedWorker): SimulatedWorker {
  const greet = vi.spyOn(world.mains[main]!.supervisor!.desired, 'greet')
  dying.kill()
  world.pass(LONG_MS, () => greet.mock.calls.length > 0)
  const next = workersOf(world, main).at(-1)!
  next.hang()
  return next
}

const acceptsAt = ({ process }: SimulatedWorker): number => process.kernel.watchedQueues().length

test('a worker of the new process that starts before that one serves, and listens later, accepts', () =>
  play((world) => {
    world.order(() => world.control.upgrade())
    world.pass(LONG_MS, () => world.mains.length === 2 && workersOf(world, 1).length === WORKERS)
    const [dying, slow] = workersOf(world, 1)
    slow!.hang()
    const late = replace(world, 1, dying!)
    slow!.wake()
    world.pass(LONG_MS, () => world.mains[1]!.hasServed)
    expect(world.mains[1]!.hasServed).toBe(true)
    late.wake()
    checkCalm(world)
    expect(acceptsAt(late)).toBe(LISTENERS)
  }))

test('a worker of the old process that starts before the hand-over, and listens in it, accepts nobody', () =>
  play((world) => {
    const late = replace(world, 0, workersOf(world, 0)[0]!)
    world.order(() => world.control.upgrade())
    world.pass(LONG_MS, () => world.supervisor.desired.isPaused)
    world.mains[1]!.hang()
    late.wake()
    world.pass(STARTED_WITHIN_MS)
    expect(world.mains[0]!.supervisor!.serving.channels).toHaveLength(WORKERS)
    expect(acceptsAt(late)).toBe(0)
    checkCalm(world)
  }))

test('a worker of the old process that dies when the new one accepts is not replaced', () =>
  play((world) => {
    world.order(() => world.control.upgrade())
    const keepLast = vi.spyOn(world.mains[0]!.supervisor!, 'keepLastWorkers')
    world.pass(LONG_MS, () => keepLast.mock.calls.length > 0)
    const [dying, slow, ...others] = workersOf(world, 0)
    expect(others).toEqual([])
    slow!.hang()
    dying!.kill()
    world.pass(STARTED_WITHIN_MS)
    expect(workersOf(world, 0)).toEqual([dying, slow])
    slow!.wake()
    checkCalm(world)
    expect(world.mains[0]!.isGone).toBe(true)
  }))
