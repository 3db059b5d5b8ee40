/** Records of open connections: each is due once in its interval, whoever looks and how often, and many are spread over it. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { UlidSource } from '../../../src/observe/records/ulid.js'
import { drawOf, isDue } from '../../../src/observe/records/while-open.js'

const EVERY_MS = 300_000

/** Ids of connections that came in the same millisecond. */
function idsOf(count: number): string[] {
  const source = new UlidSource()
  return Array.from({ length: count }, () => source.next(1_800_000_000_000))
}

it('a record is due once in each interval, whenever somebody looks', () => {
  const looks = fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 200 })
  fc.assert(
    fc.property(fc.ulid(), fc.integer({ min: 5000, max: 100_000 }), looks, (id, everyMs, pauses) => {
      let openMs = 0
      let due = 0
      for (const pause of pauses) {
        openMs += pause
        if (isDue(id, everyMs, openMs, pause)) due++
      }
      const first = drawOf(id) * everyMs
      expect(due).toBe(openMs < first ? 0 : Math.floor((openMs - first) / everyMs) + 1)
    }),
  )
})

it('the records of 10,000 connections that came together are spread over the whole interval', () => {
  const perSecond = new Array(EVERY_MS / 1000).fill(0)
  for (const id of idsOf(10_000)) perSecond[Math.floor(drawOf(id) * perSecond.length)]++
  // The average is 33.
  expect(Math.max(...perSecond)).toBeLessThan(100)
  expect(Math.min(...perSecond)).toBeGreaterThan(5)
})

it('a sample of ids that were made together has its share', () => {
  const chosen = idsOf(10_000).filter((id) => drawOf(id) < 0.1)
  // Both limits are ten standard deviations away.
  expect(chosen.length).toBeGreaterThan(700)
  expect(chosen.length).toBeLessThan(1300)
})
