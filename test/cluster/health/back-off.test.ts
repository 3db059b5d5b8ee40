import { beforeEach, expect, test } from 'vitest'
import { BackOff } from '../../../src/cluster/health/back-off.js'

let health: BackOff
beforeEach(() => {
  health = new BackOff()
})

const fail = (now: number, errno = 'ECONNREFUSED') =>
  health.failed({ errno, wasCurrent: true, addresses: 1 }, now)

test("a backend's rests grow from 1 s to 30 s, and begin with 1 s again after a success", () => {
  let now = 0
  const rests = Array.from({ length: 7 }, () => {
    const restMs = fail(now)
    now += restMs
    return restMs
  })
  expect(rests).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000])
  expect(health.connected()).toBe(true)
  expect(health.connected()).toBe(false)
  expect(fail(now)).toBe(1000)
})

test("a failure during a backend's rest is counted and does not lengthen the rest", () => {
  expect(fail(0)).toBe(1000)
  for (let i = 0; i < 50; i++) expect(fail(i, 'ETIMEDOUT')).toBe(0)
  expect(health).toMatchObject({ isDown: true, skippedUntil: 1000, failures: 51, lastError: 'ETIMEDOUT' })
})

test('after its rest a backend gets one connect at a time until one succeeds', () => {
  fail(0)
  expect(health.isAvailable(999, 0)).toBe(false)
  expect(health.isAvailable(1000, 0)).toBe(true)
  expect(health.isAvailable(1000, 1)).toBe(false)
  health.connected()
  expect(health.isAvailable(1000, 1)).toBe(true)
})

test.each(['EADDRNOTAVAIL', 'EAGAIN'])('a backend does not rest after %s, a lack of local ports', (errno) => {
  expect(fail(0, errno)).toBe(0)
  expect(health).toMatchObject({ isDown: false, failures: 0, lastError: undefined })
})

test('a backend with two addresses rests when both have failed without a success between', () => {
  const failOne = (wasCurrent = true) => health.failed({ errno: 'ECONNREFUSED', wasCurrent, addresses: 2 }, 0)
  expect(failOne()).toBe(0)
  expect(failOne(false)).toBe(0)
  health.connected()
  expect(failOne()).toBe(0)
  expect(health.isDown).toBe(false)
  expect(failOne()).toBe(1000)
  expect(health).toMatchObject({ isDown: true, failures: 4 })
})

test('a backend with two addresses rests again after its rest when both have failed once more', () => {
  const failAt = (now: number) =>
    health.failed({ errno: 'ECONNREFUSED', wasCurrent: true, addresses: 2 }, now)
  expect([failAt(0), failAt(0), failAt(1000), failAt(1000)]).toEqual([0, 1000, 0, 2000])
})

test('a backend with a new address may be tried at once, and is down until a connect succeeds', () => {
  fail(0)
  health.moved()
  expect(health.isAvailable(0, 0)).toBe(true)
  expect(health.isDown).toBe(true)
})

test('a backend that is forgiven is up, and its next rest takes 1 s again', () => {
  fail(0)
  fail(1000)
  health.forgive()
  expect(health).toMatchObject({ isDown: false, skippedUntil: 0, failures: 2, lastError: 'ECONNREFUSED' })
  expect(fail(5000)).toBe(1000)
})
