/** A rate against its definition: in any time, no more places are taken than the burst and what this time brings. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createOwnCounts } from '../../../src/limits/counts/own-counts.js'
import { SecondMeter } from '../../../src/limits/counts/rate.js'
import { PROCESS, TestClock, want } from './contract.js'

const seed = Number(process.env.MILLRACE_SEED ?? 1)
const MS_PER_SECOND = 1000

test('a place is refused exactly if it would be one more than the rate and the burst allow in some time', () => {
  const steps = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 3000 })), { maxLength: 80 })
  fc.assert(
    fc.property(
      fc.constantFrom(0.5, 1, 2, 5, 10, 100),
      fc.integer({ min: 1, max: 6 }),
      steps,
      (rate, burst, waits) => {
        const clock = new TestClock()
        const counts = createOwnCounts({ sources: 1, clock })
        const taken: number[] = []
        let now = 0
        for (const ms of waits) {
          now += ms
          clock.passMs(ms)
          const { entries } = counts.take([want(PROCESS, 0, rate, burst)])
          // One more since the place `index`.
          const isTooMany = taken.some(
            (at, index) => taken.length - index + 1 > burst + ((now - at) * rate) / MS_PER_SECOND,
          )
          expect(entries === undefined).toBe(isTooMany)
          if (entries !== undefined) taken.push(now)
        }
      },
    ),
    { seed, numRuns: 300 },
  )
})

test('a meter tells what happened in the last second', () => {
  const meter = new SecondMeter()
  for (const ms of [0, 100, 900, 1000, 1100]) meter.add(ms * 1e6)
  // Of the second before, half is more than a second ago.
  expect([1100, 1500, 2000, 3000].map((ms) => meter.read(ms * 1e6))).toEqual([5, 4, 2, 0])
})
