import { expect, test } from 'vitest'
import { weightsOf } from '../../../src/cluster/names/srv-weights.js'

const weights = (...records: [priority: number, weight: number][]) => [
  ...weightsOf(records.map(([priority, weight]) => ({ priority, weight }))).values(),
]

test('weights of SRV records that a cluster can have stay as they are', () => {
  expect(weights([1, 60], [1, 1000], [1, 1])).toEqual([60, 1000, 1])
})

test('a weight of 0 is the smallest share, not none', () => {
  expect(weights([1, 0], [1, 0], [1, 10])).toEqual([1, 1, 10])
})

test('weights that are too high become smaller in proportion, each priority by itself', () => {
  expect(weights([1, 65_535], [1, 32_768], [1, 1], [2, 500])).toEqual([1000, 500, 1, 500])
})
