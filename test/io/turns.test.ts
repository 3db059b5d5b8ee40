/** Who runs next: first come, first served, a bounded amount per turn, whatever one of them does. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Runnable } from '../../src/io/socket.js'
import { Turns } from '../../src/io/turns.js'
import { until } from '../support/wait.js'

function runnable(run: () => void): Runnable {
  return { isQueued: false, run }
}

test('runs in order of arrival, each once however often it was added', () => {
  const turns = new Turns()
  const ran: string[] = []
  const [a, b] = ['a', 'b'].map((name) => runnable(() => ran.push(name)))
  turns.add(a!)
  turns.add(b!)
  turns.add(a!)
  turns.drain()
  turns.drain()
  expect(ran).toEqual(['a', 'b'])
})

test('what asks to run again waits until all others had their turn', () => {
  const turns = new Turns()
  const ran: string[] = []
  let again = 3
  const busy = runnable(() => {
    ran.push('busy')
    if (again-- > 0) turns.add(busy)
  })
  turns.add(busy)
  turns.add(runnable(() => ran.push('other')))
  turns.drain()
  expect(ran).toEqual(['busy', 'other', 'busy', 'busy', 'busy'])
})

test('a turn is over when much was moved; the rest runs in the next one, after timers and promises', async () => {
  const turns = new Turns()
  const ran: string[] = []
  for (const name of ['a', 'b', 'c']) {
    turns.add(
      runnable(() => {
        ran.push(name)
        turns.spend(16 * 1024 * 1024)
      }),
    )
  }
  turns.drain()
  void Promise.resolve().then(() => ran.push('promise'))
  expect(ran).toEqual(['a'])
  await until(() => ran.length === 4)
  expect(ran).toEqual(['a', 'promise', 'b', 'c'])
})

test('runs that move nothing end a turn, too', async () => {
  const turns = new Turns()
  let runs = 0
  const endless = runnable(() => {
    runs++
    turns.add(endless)
  })
  turns.add(endless)
  turns.drain()
  const inFirstTurn = runs
  await nextTurn()
  endless.run = () => {}
  expect(inFirstTurn).toBeLessThan(10_000)
  expect(runs).toBeGreaterThan(inFirstTurn)
})

test('one that throws is reported, and the others run', async () => {
  const turns = new Turns()
  let hasRun = false
  turns.add(
    runnable(() => {
      throw new Error('a bug')
    }),
  )
  turns.add(
    runnable(() => {
      hasRun = true
    }),
  )
  expect(() => turns.drain()).toThrow('a bug')
  await until(() => hasRun)
})

test('what waits for no event is tried again soon, once', async () => {
  const turns = new Turns()
  let runs = 0
  const waiting = runnable(() => runs++)
  turns.later(waiting)
  turns.later(waiting)
  expect(runs).toBe(0)
  await until(() => runs > 0)
  await nextTurn()
  expect(runs).toBe(1)
})
