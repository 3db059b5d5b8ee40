/** Deadlines are looked at by one coarse timer, which runs only while there is something to look at. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Sweep } from '../../src/io/sweep.js'
import { until } from '../support/wait.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const member = () => ({ sweepIndex: -1, expire: vi.fn<(now: number, sinceMs: number) => void>() })

test('looks at its members four times within the shortest timeout', () => {
  const sweep = new Sweep()
  const watched = member()
  sweep.add(watched, 400)
  vi.advanceTimersByTime(399)
  expect(watched.expire).toHaveBeenCalledTimes(3)
  vi.advanceTimersByTime(1)
  expect(watched.expire).toHaveBeenCalledTimes(4)
})

test.each([
  ['10 ms', 1, 10],
  ['a second', 3_600_000, 1000],
])('looks at most every %s, however short or long a timeout is', (_, timeoutMs, everyMs) => {
  const sweep = new Sweep()
  const watched = member()
  sweep.add(watched, timeoutMs)
  vi.advanceTimersByTime(everyMs * 5)
  expect(watched.expire).toHaveBeenCalledTimes(5)
})

test('has no timer for members without a timeout, and none when all have left', () => {
  const sweep = new Sweep()
  const [endless, watched] = [member(), member()]
  sweep.add(endless, 0)
  expect(vi.getTimerCount()).toBe(0)
  sweep.add(watched, 100)
  expect(vi.getTimerCount()).toBe(1)
  sweep.delete(watched)
  sweep.delete(endless)
  vi.advanceTimersByTime(100)
  expect(vi.getTimerCount()).toBe(0)
  sweep.add(watched, 100)
  vi.advanceTimersByTime(100)
  expect(watched.expire).toHaveBeenCalled()
})

test('tells how late its timer was, and which look is the last for now', () => {
  const looks: [number, boolean][] = []
  const sweep = new Sweep((...look) => looks.push(look))
  const watched = member()
  sweep.add(watched, 4000)
  vi.advanceTimersByTime(1000)
  // The event loop is busy until 250 ms after the moment.
  const busyUntil = performance.now() + 1250
  const now = vi.spyOn(performance, 'now').mockReturnValue(busyUntil)
  vi.advanceTimersByTime(1000)
  now.mockRestore()
  sweep.delete(watched)
  vi.advanceTimersByTime(5000)
  expect(looks.map(([late]) => late).slice(0, 2)).toEqual([0, 250])
  expect(looks.map(([, isLast]) => isLast)).toEqual([false, false, true])
})

test('members may leave, and others come, while they are looked at', () => {
  const sweep = new Sweep()
  const late = member()
  const leaving = {
    sweepIndex: -1,
    expire: vi.fn(() => {
      sweep.delete(leaving)
      sweep.delete(gone)
      sweep.add(late, 100)
    }),
  }
  const gone = member()
  sweep.add(gone, 100)
  sweep.add(leaving, 100)
  vi.advanceTimersByTime(50)
  expect(leaving.expire).toHaveBeenCalledTimes(1)
  expect(gone.expire).not.toHaveBeenCalled()
  expect(sweep.size).toBe(1)
})

test('whoever stays is looked at once each time, whoever else leaves', () => {
  const sweep = new Sweep()
  const all = Array.from({ length: 7 }, member)
  for (const each of all) sweep.add(each, 0)
  for (const each of [all[0]!, all[3]!, all[6]!, all[3]!]) sweep.delete(each)
  expect(sweep.size).toBe(4)
  const last = member()
  sweep.add(last, 40)
  vi.advanceTimersByTime(10)
  const looks = [...all, last].map(({ expire }) => expire.mock.calls.length)
  expect(looks).toEqual([0, 1, 1, 0, 1, 1, 0, 1])
})

test('says how long ago it looked before, so that what is due at an age is due once', () => {
  const sweep = new Sweep()
  const early = member()
  sweep.add(early, 4000)
  vi.advanceTimersByTime(2500)
  const late = member()
  sweep.add(late, 4000)
  vi.advanceTimersByTime(1000)
  const since = (watched: typeof early) => watched.expire.mock.calls.map(([, sinceMs]) => sinceMs)
  expect([since(early), since(late)]).toEqual([[1000, 1000, 1000], [1000]])
})

test('looks at thousands in parts, each of them once, and others have their turns between', async () => {
  vi.useRealTimers()
  const sweep = new Sweep()
  const lookedAt: number[] = []
  let ahead = 0
  const now = performance.now.bind(performance)
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => now() + ahead)
  const members = Array.from({ length: 1000 }, (_, number) => ({
    sweepIndex: -1,
    // Each takes its time, and leaves.
    expire() {
      lookedAt.push(number)
      ahead += 0.1
      sweep.delete(this)
    },
  }))
  for (const each of members) sweep.add(each, 40)
  const turns: number[] = []
  const takeTurns = (): void => {
    turns.push(lookedAt.length)
    if (lookedAt.length < members.length) setImmediate(takeTurns)
  }
  setImmediate(takeTurns)
  await until(() => lookedAt.length === members.length)
  clock.mockRestore()
  expect(new Set(lookedAt).size).toBe(members.length)
  const between = turns.filter((count) => count > 0 && count < members.length)
  expect(between.length).toBeGreaterThan(10)
})
