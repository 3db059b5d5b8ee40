import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { ActiveVerdict, ToldVerdict } from '../../../src/cluster/shared-verdict.js'
import type { ToWorker } from '../../../src/workers/messages.js'
import type { WorkerChannel } from '../../../src/workers/slots/worker-channel.js'
import { CheckFeed } from '../../../src/workers/state/check-feed.js'

let told: [slot: number, ToldVerdict][]
let workers: WorkerChannel[]
let logger: WorkerChannel | undefined
let isEjected: boolean
let feed: CheckFeed

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  told = []
  isEjected = false
  workers = [0, 1].map((slot) => ({ slot, send: (message) => hear(slot, message) }) as WorkerChannel)
  logger = workers[0]
  feed = new CheckFeed({ workers: () => workers, logger: () => logger, passed: () => isEjected })
})
afterEach(() => {
  feed.stop()
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

function hear(slot: number, message: ToWorker): void {
  if (message.kind === 'verdicts') for (const each of message.verdicts) told.push([slot, each])
}

const place = { cluster: 'db', backend: 'a:1' }
const checked = (isUp: boolean, checks: number, checksFailed = 0, passedAgoMs = 0): ActiveVerdict => ({
  about: 'checks',
  ...place,
  verdict: {
    isUp,
    reason: isUp ? 'L7OK' : 'L4CON',
    detail: undefined,
    changedAt: 0,
    checks,
    checksFailed,
    passedAgoMs,
  },
})
const drained: ActiveVerdict = {
  about: 'agent',
  ...place,
  verdict: {
    isUp: undefined,
    admin: 'drain',
    weightPercent: undefined,
    maxConnections: undefined,
    reason: undefined,
  },
}

test('all workers are told a change at once, and one of them logs it', () => {
  feed.heard(checked(false, 1, 1))
  expect(told).toEqual([
    [0, { verdict: checked(false, 1, 1), isLogged: true }],
    [1, { verdict: checked(false, 1, 1), isLogged: false }],
  ])
})

test('checks that change nothing are told once a second, and only the last of them', () => {
  feed.heard(checked(true, 1))
  told = []
  for (const checks of [2, 3, 4]) feed.heard(checked(true, checks))
  expect(told).toEqual([])
  vi.advanceTimersByTime(1000)
  expect(told.map(([slot, { verdict }]) => [slot, verdict])).toEqual([
    [0, checked(true, 4, 0, 1000)],
    [1, checked(true, 4, 0, 1000)],
  ])
  vi.advanceTimersByTime(10_000)
  expect(told).toHaveLength(2)
})

test('workers are told how long ago a check has passed, also if others have failed since', () => {
  feed.heard(checked(true, 1))
  feed.heard(checked(true, 2))
  vi.advanceTimersByTime(600)
  feed.heard(checked(true, 3, 1))
  told = []
  vi.advanceTimersByTime(400)
  expect(told[0]).toEqual([0, { verdict: checked(true, 3, 1, 1000), isLogged: true }])
  vi.advanceTimersByTime(500)
  expect(feed.greet()).toEqual([{ verdict: checked(true, 3, 1, 1500), isLogged: false }])
})

test('a check that passes is told at once if the backend was ejected, and one that fails is not', () => {
  feed.heard(checked(true, 1))
  told = []
  isEjected = true
  feed.heard(checked(true, 2, 1))
  expect(told).toEqual([])
  feed.heard(checked(true, 3, 1))
  expect(told).toHaveLength(2)
})

test('what an agent says and what ends are told at once, with what has been counted meanwhile', () => {
  feed.heard(checked(true, 1))
  feed.heard(checked(true, 2))
  told = []
  feed.heard(drained)
  expect(told.filter(([slot]) => slot === 1).map(([, { verdict }]) => verdict)).toEqual([
    checked(true, 2),
    drained,
  ])
  feed.heard({ ...drained, verdict: undefined })
  expect(feed.greet().map(({ verdict }) => verdict)).toEqual([checked(true, 2)])
})

test('a worker that comes later is told what holds, and logs only what nobody has logged', () => {
  feed.heard(drained)
  logger = undefined
  feed.heard(checked(false, 1, 1))
  expect(feed.greet()).toEqual([
    { verdict: drained, isLogged: false },
    { verdict: checked(false, 1, 1), isLogged: true },
  ])
  expect(feed.greet().some(({ isLogged }) => isLogged)).toBe(false)
})

test('a worker that comes after all others are gone does not log what one of them has logged', () => {
  feed.heard(checked(false, 1, 1))
  logger = undefined
  feed.heard(checked(false, 2, 2))
  vi.advanceTimersByTime(1000)
  expect(feed.greet()).toEqual([{ verdict: checked(false, 2, 2, 1000), isLogged: false }])
})
