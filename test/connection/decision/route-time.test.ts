/** Whose time it is while a route function runs. */
import { beforeEach, expect, it, onTestFinished, vi } from 'vitest'
import { RouteTime } from '../../../src/connection/decision/route-time.js'
import { DialogueOver } from '../../../src/io/dialogue.js'

let now = 0
const allowed: number[] = []
const dialogue = { allow: (ms: number) => void allowed.push(ms) }

beforeEach(() => {
  now = 0
  allowed.length = 0
})

function timeOf(firstBytesMs: number, routeMs: number): RouteTime {
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => now)
  onTestFinished(() => clock.mockRestore())
  return new RouteTime(dialogue, { firstBytesMs, routeMs })
}

const after = (ms: number) => async () => {
  now += ms
}

it('the function has routeMs for itself, and firstBytesMs for all its waits together', async () => {
  const time = timeOf(5000, 300)
  now += 100
  await time.waitFor(Promise.resolve().then(after(2000)))
  now += 150
  await time.waitFor(Promise.resolve().then(after(1000)))
  time.end()
  expect(allowed).toEqual([300, 5000, 200, 3000, 50, 2000])
  expect(time.ownMicros).toBe(250_000)
})

it('a time without a limit has no deadline', async () => {
  const time = timeOf(0, 0)
  await time.waitFor(Promise.resolve().then(after(2000)))
  expect(allowed).toEqual([0, 0, 0])
})

it('a wait that fails because the client has ended is over, and one that is too late is not', async () => {
  const time = timeOf(5000, 300)
  const fails = (why: 'ended' | 'timed-out') =>
    time.waitFor(Promise.reject(new DialogueOver(dialogue as never, why)))
  await expect(fails('ended')).rejects.toThrow('ended')
  expect(time.isOwn).toBe(true)
  await expect(fails('timed-out')).rejects.toThrow('timed-out')
  expect(time.isOwn).toBe(false)
})

it('waits that end after the answer of the function set no deadline', async () => {
  const time = timeOf(5000, 300)
  let come: () => void = () => {}
  const wait = time.waitFor(new Promise<void>((resolve) => (come = resolve)))
  time.end()
  come()
  await wait
  expect(allowed).toEqual([300, 5000])
})
