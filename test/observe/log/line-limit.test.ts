/** How many log lines of one kind are written. */
import { expect, it } from 'vitest'
import { LineLimit } from '../../../src/observe/log/line-limit.js'

it('a log line passes once in its time, and the next one says how many were kept back', () => {
  const limit = new LineLimit(1000)
  expect([0, 1, 999, 1000, 1500, 2000].map((now) => limit.pass(now))).toEqual([
    0,
    undefined,
    undefined,
    2,
    undefined,
    1,
  ])
  expect(limit.pass(9000)).toBe(0)
})
