import { expect, test } from 'vitest'
import { Places } from '../../../src/cluster/queue/places.js'
import { OwnCountsTable } from '../../../src/limits/counts/own-counts.js'

const KEY = { scope: 'backend/db/10.0.0.1:80' }
const table = () => new OwnCountsTable({ sources: 10 })

test('two processes together take no more places than the limit, and a place that one gives back is for both', () => {
  const counts = table()
  const [one, two] = [0, 1].map((worker) => new Places(counts.view(worker), KEY.scope, () => 1))
  one!.set(2, 0)
  two!.set(2, 0)
  expect([one!.take(0), two!.take(0), two!.take(1), one!.take(1)]).toEqual([true, true, false, false])
  expect([one!.isFull(1), two!.isFull(1)]).toEqual([true, true])
  two!.leave()
  expect([one!.isFull(1), one!.take(1)]).toEqual([false, true])
  expect(two!.take(0)).toBe(false)
})

test('connections that were there before the limit count, and a backend without a limit counts nothing', () => {
  const counts = table()
  const places = new Places(counts.view(0), KEY.scope, () => 1)
  places.takeAnyway()
  expect([places.take(1), places.isFull(100), counts.view(0).held(KEY)]).toEqual([true, false, 0])
  places.set(2, 3)
  expect([counts.view(1).held(KEY), places.isFull(3)]).toEqual([3, true])
  places.leave()
  places.leave()
  expect([counts.view(1).held(KEY), places.take(1), places.take(2)]).toEqual([1, true, false])
  places.set(0, 2)
  expect(counts.view(1).held(KEY)).toBe(0)
})

test('a connect that has to reach a backend takes a place beyond the limit', () => {
  const counts = table()
  const places = new Places(counts.view(0), KEY.scope, () => 1)
  places.set(1, 0)
  places.takeAnyway()
  places.takeAnyway()
  expect([counts.view(0).held(KEY), places.take(2)]).toEqual([2, false])
})

test('a part of the limit holds, and it is at least one place', () => {
  let part = 0.1
  const places = new Places(undefined, KEY.scope, () => part)
  places.set(8, 0)
  expect([places.limit, places.take(0), places.take(1)]).toEqual([1, true, false])
  part = 0.5
  expect([places.limit, places.take(3), places.isFull(4)]).toEqual([4, true, true])
})

test('a process that counts alone sees a place of its part as free only when it gives one back itself', () => {
  const counts = new OwnCountsTable({ sources: 10, part: { worker: 0, workers: 2 } }).view(0)
  const places = new Places(counts, KEY.scope, () => 1)
  places.set(2, 0)
  expect([places.take(0), places.take(1), places.isFull(1)]).toEqual([true, false, true])
  places.leave()
  expect([places.isFull(0), places.take(0)]).toEqual([false, true])
})
