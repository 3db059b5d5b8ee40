/** The run queue: first come, first served, and a bounded amount of work per turn, whatever one of them does. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { RunQueue } from '../../src/io/run-queue.js'
import type { Runnable } from '../../src/io/socket.js'
import { until } from '../support/wait.js'

function runnable(run: () => void): Runnable {
  return { isQueued: false, run }
}

test('the run queue runs its members in order of arrival, and a member that was added twice once', () => {
  const runQueue = new RunQueue()
  const ran: string[] = []
  const [a, b] = ['a', 'b'].map((name) => runnable(() => ran.push(name)))
  runQueue.add(a!)
  runQueue.add(b!)
  runQueue.add(a!)
  runQueue.drain()
  runQueue.drain()
  expect(ran).toEqual(['a', 'b'])
})

test('a member that asks to run again waits until all others had their turn', () => {
  const runQueue = new RunQueue()
  const ran: string[] = []
  let again = 3
  const busy = runnable(() => {
    ran.push('busy')
    if (again-- > 0) runQueue.add(busy)
  })
  runQueue.add(busy)
  runQueue.add(runnable(() => ran.push('other')))
  runQueue.drain()
  expect(ran).toEqual(['busy', 'other', 'busy', 'busy', 'busy'])
})

test('a turn ends after 16 MiB were moved, and the rest runs after timers and promises', async () => {
  const runQueue = new RunQueue()
  const ran: string[] = []
  for (const name of ['a', 'b', 'c']) {
    runQueue.add(
      runnable(() => {
        ran.push(name)
        runQueue.spend(16 * 1024 * 1024)
      }),
    )
  }
  runQueue.drain()
  void Promise.resolve().then(() => ran.push('promise'))
  expect(ran).toEqual(['a'])
  await until(() => ran.length === 4)
  expect(ran).toEqual(['a', 'promise', 'b', 'c'])
})

test('a turn of the run queue ends although its runs move no bytes', async () => {
  const runQueue = new RunQueue()
  let runs = 0
  const endless = runnable(() => {
    runs++
    runQueue.add(endless)
  })
  runQueue.add(endless)
  runQueue.drain()
  const inFirstTurn = runs
  await nextTurn()
  endless.run = () => {}
  expect(inFirstTurn).toBeLessThan(10_000)
  expect(runs).toBeGreaterThan(inFirstTurn)
})

test('a member that throws is reported, and the others still run', async () => {
  const runQueue = new RunQueue()
  let hasRun = false
  runQueue.add(
    runnable(() => {
      throw new Error('a bug')
    }),
  )
  runQueue.add(
    runnable(() => {
      hasRun = true
    }),
  )
  expect(() => runQueue.drain()).toThrow('a bug')
  await until(() => hasRun)
})

test('a member that is to run later runs once, in a later turn', async () => {
  const runQueue = new RunQueue()
  let runs = 0
  const waiting = runnable(() => runs++)
  runQueue.later(waiting)
  runQueue.later(waiting)
  expect(runs).toBe(0)
  await until(() => runs > 0)
  await nextTurn()
  expect(runs).toBe(1)
})
