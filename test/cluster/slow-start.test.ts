import { expect, it } from 'vitest'
import { SlowStart } from '../../src/cluster/slow-start.js'

it('a backend that starts slowly has a tenth of its share, then the part of the time that has passed, then all', () => {
  let now = 1000
  const slowStart = new SlowStart(
    () => 10_000,
    () => now,
  )
  expect(slowStart.part).toBe(1)
  slowStart.begin()
  const parts = [0, 500, 1000, 2500, 9999, 15_000, 50_000].map((ms) => {
    now = 1000 + ms
    return slowStart.part
  })
  expect(parts).toEqual([0.1, 0.1, 0.1, 0.25, 0.9999, 1, 1])
})

it('a slow start of 0 ms is none, also where a reload sets it to 0', () => {
  let windowMs = 0
  const slowStart = new SlowStart(
    () => windowMs,
    () => 0,
  )
  slowStart.begin()
  expect(slowStart.part).toBe(1)
  windowMs = 1000
  slowStart.begin()
  expect(slowStart.part).toBe(0.1)
  windowMs = 0
  expect(slowStart.part).toBe(1)
})
