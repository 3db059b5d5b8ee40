/** When a backend that is silent counts as one that failed. The clock and the timers are the test's. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Backend } from '../../src/cluster/backend.js'
import type { Cluster } from '../../src/cluster/cluster.js'
import { SILENT } from '../../src/cluster/health/ejections.js'
import type { Connection } from '../../src/connection/connection.js'
import { AnswerWatch } from '../../src/proxy/answer-watch.js'

const BACKEND = { name: 'one' } as Backend

let watch: AnswerWatch
let health: { answerMs: number }
let silent: unknown[]
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
  watch = new AnswerWatch()
  health = { answerMs: 1000 }
  silent = []
})
afterEach(() => vi.useRealTimers())

/** A connection whose backend has taken so many bytes. */
function connect(bytesUp: number, backend = BACKEND) {
  const connection = { backend, totals: { bytesUp } }
  const judge = { unanswered: (...told: unknown[]) => void silent.push(told) }
  watch.add(connection as unknown as Connection, { health, judge } as unknown as Cluster)
  return {
    send: (bytes: number) => {
      connection.totals.bytesUp += bytes
    },
    answer: () => watch.answered(connection as unknown as Connection),
  }
}

test('a backend that has taken bytes and is silent for answerMs has failed once for each connection', () => {
  connect(10)
  connect(10)
  vi.advanceTimersByTime(1000)
  expect(silent).toEqual([])
  vi.advanceTimersByTime(500)
  expect(silent).toEqual([
    [BACKEND, SILENT],
    [BACKEND, SILENT],
  ])
  vi.advanceTimersByTime(10_000)
  expect(silent).toHaveLength(2)
  expect(vi.getTimerCount()).toBe(0)
})

test('a backend that has taken nothing may be silent', () => {
  connect(0)
  vi.advanceTimersByTime(60_000)
  expect(silent).toEqual([])
})

test('the time begins anew with each byte that the backend takes', () => {
  const upload = connect(10)
  for (let second = 0; second < 10; ++second) {
    vi.advanceTimersByTime(800)
    upload.send(1)
  }
  expect(silent).toEqual([])
  vi.advanceTimersByTime(1500)
  expect(silent).toHaveLength(1)
})

test('half a request does not count if the backend answers others meanwhile', () => {
  connect(10)
  vi.advanceTimersByTime(500)
  connect(10).answer()
  vi.advanceTimersByTime(10_000)
  expect(silent).toEqual([])
})

test('an answer of another backend proves nothing', () => {
  connect(10)
  vi.advanceTimersByTime(500)
  connect(10, { name: 'two' } as Backend).answer()
  vi.advanceTimersByTime(1000)
  expect(silent).toHaveLength(1)
})

test('a shorter answerMs of a reload counts from the reload on', () => {
  health.answerMs = 60_000
  connect(10)
  vi.advanceTimersByTime(30_000)
  health.answerMs = 2000
  vi.advanceTimersByTime(2000)
  expect(silent).toEqual([])
  vi.advanceTimersByTime(2000)
  expect(silent).toHaveLength(1)
})

test('a reload without answerMs ends the watch, and counts nothing', () => {
  connect(10)
  vi.advanceTimersByTime(500)
  health.answerMs = 0
  vi.advanceTimersByTime(60_000)
  expect(silent).toEqual([])
  expect(vi.getTimerCount()).toBe(0)
})
