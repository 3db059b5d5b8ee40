import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Refusals } from '../../../src/limits/bans/refusals.js'

const POLICY = { after: 3, withinMs: 100 }

describe('the refusals of a source', () => {
  it('are too many if so many came within the time, however they are spread', () => {
    const refusal = fc.record({
      source: fc.constantFrom('a', 'b'),
      times: fc.integer({ min: 1, max: 2 }),
      ms: fc.nat(80),
    })
    fc.assert(
      fc.property(fc.array(refusal, { maxLength: 60 }), (all) => {
        const refusals = new Refusals()
        const model = new Map<string, number[]>()
        let now = 0
        for (const { source, times, ms } of all) {
          now += ms
          const seen = [...(model.get(source) ?? []), ...Array.from({ length: times }, () => now)]
          const recent = seen.filter((at) => now - at < POLICY.withinMs)
          const isTooMany = recent.length >= POLICY.after
          model.set(source, isTooMany ? [] : recent)
          expect(refusals.add(source, times, POLICY, now)).toBe(isTooMany)
        }
      }),
    )
  })

  it('are forgotten when the source was found to have too many', () => {
    const refusals = new Refusals()
    expect(refusals.add('a', 3, POLICY, 0)).toBe(true)
    expect(refusals.add('a', 2, POLICY, 1)).toBe(false)
    expect(refusals.add('a', 1, POLICY, 2)).toBe(true)
  })

  it('are remembered for a bounded number: the source that was refused the longest ago is forgotten', () => {
    const refusals = new Refusals(4)
    refusals.add('a', 2, POLICY, 0)
    refusals.add('b', 2, POLICY, 1)
    refusals.add('c', 1, POLICY, 2)
    expect(refusals.add('b', 1, POLICY, 3)).toBe(true)
    expect(refusals.add('a', 1, POLICY, 4)).toBe(false)
  })

  it('of one source can be more than the bound', () => {
    const refusals = new Refusals(4)
    expect(refusals.add('a', 9, { after: 10, withinMs: 100 }, 0)).toBe(false)
    expect(refusals.add('a', 1, { after: 10, withinMs: 100 }, 1)).toBe(true)
  })
})
