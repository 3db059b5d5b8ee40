/** What the service manager learns about millrace while it lives. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Notice } from '../../src/service/notify.js'
import { ServiceReports } from '../../src/service/reports.js'

let told: Notice[]
let line: string
let isWell: () => Promise<boolean>
const served = { answers: () => isWell(), describe: async () => line }
const open = (watchdogMs?: number, isHeard = true): ServiceReports =>
  new ServiceReports({ notify: (notice) => void told.push(notice), isHeard, watchdogMs })
const watchdogs = (): number => told.filter(({ WATCHDOG }) => WATCHDOG === 1).length

beforeEach(() => {
  vi.useFakeTimers()
  told = []
  line = 'running, 0 connections'
  isWell = async () => true
})
afterEach(() => {
  vi.useRealTimers()
})

test('a process that serves is ready, and describes itself again when the description changes', async () => {
  open().ready(served)
  await vi.advanceTimersByTimeAsync(20_000)
  expect(told).toEqual([{ READY: 1 }, { STATUS: 'running, 0 connections' }])
  line = 'running, 5 connections'
  await vi.advanceTimersByTimeAsync(10_000)
  expect(told.slice(2)).toEqual([{ STATUS: line }])
})

test('a reload is told with the time of the monotonic clock, and its end, whether it succeeds or fails', async () => {
  const reports = open()
  reports.ready(served)
  await vi.advanceTimersByTimeAsync(0)
  told = []
  const before = process.hrtime.bigint() / 1000n
  reports.reloading(Promise.resolve())
  await vi.advanceTimersByTimeAsync(0)
  reports.reloading(Promise.reject(new Error('a bad config')))
  await vi.advanceTimersByTimeAsync(0)
  const reloading = { RELOADING: 1, MONOTONIC_USEC: expect.stringMatching(/^\d+$/) }
  expect(told).toEqual([reloading, { READY: 1 }, reloading, { READY: 1 }])
  expect(BigInt(told[0]!.MONOTONIC_USEC!)).toBeGreaterThanOrEqual(before)
})

test('a process that stops asks for more time until it has ended', async () => {
  const reports = open()
  reports.ready(served)
  await vi.advanceTimersByTimeAsync(0)
  told = []
  line = 'draining, 2 connections'
  reports.stopping()
  reports.stopping()
  await vi.advanceTimersByTimeAsync(0)
  const extend = { EXTEND_TIMEOUT_USEC: 30_000_000 }
  expect(told).toEqual([{ STOPPING: 1 }, extend, { STATUS: line }])
  await vi.advanceTimersByTimeAsync(10_000)
  expect(told.slice(3)).toEqual([extend, extend])
  reports.stop()
})

test('a process that stops is never ready again', async () => {
  const reports = open()
  let end = (): void => {}
  reports.reloading(new Promise<void>((resolve) => (end = resolve)))
  reports.stopping()
  end()
  await vi.advanceTimersByTimeAsync(0)
  reports.ready(served)
  expect(told.filter(({ READY }) => READY === 1)).toEqual([])
})

test('the watchdog is fed twice in its time, while everything answers', async () => {
  open(10_000).ready(served)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(watchdogs()).toBe(2)
  isWell = async () => false
  await vi.advanceTimersByTimeAsync(10_000)
  isWell = () => Promise.reject(new Error('asked in vain'))
  await vi.advanceTimersByTimeAsync(10_000)
  expect(watchdogs()).toBe(2)
})

test('after a silence the watchdog is fed as soon as everything answers again', async () => {
  open(10_000).ready(served)
  isWell = async () => false
  await vi.advanceTimersByTimeAsync(6000)
  isWell = async () => true
  await vi.advanceTimersByTimeAsync(1000)
  expect(watchdogs()).toBe(1)
})

test('the watchdog is not fed while an answer is awaited', async () => {
  let answer = (_: boolean): void => {}
  isWell = vi.fn(() => new Promise<boolean>((resolve) => (answer = resolve)))
  open(10_000).ready(served)
  await vi.advanceTimersByTimeAsync(30_000)
  expect(isWell).toHaveBeenCalledTimes(1)
  expect(watchdogs()).toBe(0)
  answer(true)
  await vi.advanceTimersByTimeAsync(0)
  expect(watchdogs()).toBe(1)
})

test('without a service manager nothing runs', async () => {
  const reports = open(10_000, false)
  reports.ready(served)
  reports.stopping()
  expect(vi.getTimerCount()).toBe(0)
  expect(told).toEqual([])
})

test('a process that is replaced tells the id of the next one, and nothing after that', async () => {
  const reports = open(1000)
  reports.ready(served)
  await vi.advanceTimersByTimeAsync(0)
  told = []
  reports.replaced(4242)
  reports.stopping()
  await vi.advanceTimersByTimeAsync(20_000)
  expect(told).toEqual([{ MAINPID: 4242 }])
})
