import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RoundRobin } from '../../../src/cluster/balance/round-robin.js'

const all = () => true
const weights = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 8 })
const itemsOf = (each: readonly number[]) => each.map((share, index) => ({ index, share }))
const sum = (each: readonly number[]) => each.reduce((total, weight) => total + weight, 0)

test('round robin spreads the turns of a heavy backend instead of giving them in a row', () => {
  const [a, b, c] = [
    { name: 'a', share: 5 },
    { name: 'b', share: 1 },
    { name: 'c', share: 1 },
  ]
  const turns = new RoundRobin([a, b, c])
  const picks = Array.from({ length: 7 }, () => turns.pick(all)?.name)
  expect(picks.join('')).toBe('aabacaa')
})

test('round robin picks every backend exactly as often as its weight in any window of one cycle', () => {
  fc.assert(
    fc.property(weights, fc.nat(200), (each, offset) => {
      const items = itemsOf(each)
      const turns = new RoundRobin(items)
      for (let i = 0; i < offset; i++) turns.pick(all)
      const counts = items.map(() => 0)
      for (let i = 0; i < sum(each); i++) counts[turns.pick(all)!.index]! += 1
      expect(counts).toEqual(each)
    }),
  )
})

test('round robin picks every backend again and again, however the others come and go', () => {
  fc.assert(
    fc.property(weights, fc.infiniteStream(fc.nat()), (each, masks) => {
      const turns = new RoundRobin(itemsOf(each))
      const bound = sum(each) * each.length
      let picks = 0
      for (let waited = 0; picks < 3; waited++) {
        expect(waited).toBeLessThanOrEqual(bound)
        const mask = masks.next().value
        if (turns.pick(({ index }) => index === 0 || ((mask >> index) & 1) === 1)?.index !== 0) continue
        picks += 1
        waited = 0
      }
    }),
  )
})

test('round robin that is asked without the earlier picks picks every backend once', () => {
  fc.assert(
    fc.property(weights, (each) => {
      const items = itemsOf(each)
      const turns = new RoundRobin(items)
      const picked = new Set<unknown>()
      for (const _ of items) picked.add(turns.pick((item) => !picked.has(item)))
      expect(picked).toEqual(new Set(items))
      expect(turns.pick((item) => !picked.has(item))).toBeUndefined()
    }),
  )
})

test('round robin gives the share of an absent backend to the others, and no extra turns on its return', () => {
  const items = itemsOf([4, 2, 1])
  const turns = new RoundRobin(items)
  const count = (picks: number, isCandidate: (item: { index: number }) => boolean) => {
    const counts = [0, 0, 0]
    for (let i = 0; i < picks; i++) counts[turns.pick(isCandidate)!.index]! += 1
    return counts
  }
  expect(count(300, ({ index }) => index !== 0)).toEqual([0, 200, 100])
  expect(count(7, all)).toEqual([4, 2, 1])
})

test('round robin begins a new cycle when weights change, and owes nothing for the old ones', () => {
  const items = itemsOf([1000, 1000, 1000])
  const turns = new RoundRobin(items)
  for (let i = 0; i < 2; i++) turns.pick(all)
  for (const item of items) Object.assign(item, { share: 1 })
  turns.reweighted()
  expect(Array.from({ length: 6 }, () => turns.pick(all)!.index)).toEqual([0, 1, 2, 0, 1, 2])
})
