/** The sweep: one coarse timer looks at the deadlines of all members. It runs only while a member has one. */
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

test('the sweep looks at its members four times within the shortest timeout', () => {
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
])('the sweep looks every %s for a timeout of %i ms', (_, timeoutMs, everyMs) => {
  const sweep = new Sweep()
  const watched = member()
  sweep.add(watched, timeoutMs)
  vi.advanceTimersByTime(everyMs * 5)
  expect(watched.expire).toHaveBeenCalledTimes(5)
})

test('the sweep has no timer without a member that has a timeout', () => {
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

test('the sweep tells how late its timer was, and which look is the last for now', () => {
  const looks: [number, boolean][] = []
  const sweep = new Sweep((...look) => looks.push(look))
  const watched = member()
  sweep.add(watched, 4000)
  vi.advanceTimersByTime(1000)
  // The event loop is busy until 250 ms after the timer was due.
  const busyUntil = performance.now() + 1250
  const now = vi.spyOn(performance, 'now').mockReturnValue(busyUntil)
  vi.advanceTimersByTime(1000)
  now.mockRestore()
  sweep.delete(watched)
  vi.advanceTimersByTime(5000)
  expect(looks.map(([late]) => late).slice(0, 2)).toEqual([0, 250])
  expect(looks.map(([, isLast]) => isLast)).toEqual([false, false, true])
})

test('a member may leave, remove others and add new ones while the sweep looks at it', () => {
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

test('the sweep looks at every member that stays exactly once, whichever others leave', () => {
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

test('the sweep tells each member how long ago the look before was', () => {
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

test('the sweep looks at 1000 slow members in parts, with other work between them', async () => {
  vi.useRealTimers()
  const sweep = new Sweep()
  const lookedAt: number[] = []
  let ahead = 0
  const now = performance.now.bind(performance)
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => now() + ahead)
  const members = Array.from({ length: 1000 }, (_, number) => ({
    sweepIndex: -1,
    // Each member takes 0.1 ms, and then leaves.
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
