import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Moved, Tiers } from '../../src/cluster/tiers.js'

const ITEMS = [{ tier: 0 }, { tier: 1 }, { tier: 5 }]

function start(failback: 'auto' | 'manual') {
  const told: Moved[] = []
  const served: (number | undefined)[] = []
  const tiers = new Tiers({ moved: (moved) => told.push(moved), serving: (tier) => served.push(tier) })
  const works = new Set([0, 1, 5])
  const review = (mayMove = true): void =>
    tiers.review(ITEMS, failback === 'manual', ({ tier }) => works.has(tier), mayMove)
  const only = (...numbers: number[]): number | undefined => {
    works.clear()
    for (const number of numbers) works.add(number)
    review()
    return tiers.serving
  }
  review()
  return { tiers, told, served, only, review }
}

test('with failback: auto the first tier that works serves', () => {
  const { only, told, served } = start('auto')
  expect([only(1, 5), only(5), only(0, 5), only(), only(1)]).toEqual([1, 5, 0, undefined, 1])
  expect([told, served]).toEqual([[], [0, 1, 5, 0, undefined, 1]])
})

test('with failback: manual a cluster that has moved stays there although its first tier works again', () => {
  const { only, told } = start('manual')
  expect([only(1, 5), only(0, 1, 5), only(0, 1)]).toEqual([1, 1, 1])
  expect(told).toEqual([{ tier: 1, version: 0, isFailback: false }])
})

test('with failback: manual a cluster leaves its tier when that one does not work either', () => {
  const { only, told } = start('manual')
  expect([only(1), only(0, 5), only(0, 1, 5)]).toEqual([1, 0, 0])
  expect(told.map(({ tier }) => tier)).toEqual([1, undefined])
})

test('with failback: manual a cluster without any backend stays where it was', () => {
  const { only } = start('manual')
  expect([only(1), only(), only(0, 1)]).toEqual([1, undefined, 1])
})

test('a failback lets the first tier that works serve, and a cluster that must move again says so', () => {
  const { tiers, only, told, review } = start('manual')
  only(1)
  tiers.follow({ tier: undefined, version: 7, isFailback: true })
  review()
  expect(tiers.serving).toBe(1)
  expect(told.at(-1)).toEqual({ tier: 1, version: 7, isFailback: false })
  only(0, 1)
  tiers.follow({ tier: undefined, version: 8, isFailback: true })
  review()
  expect(tiers.serving).toBe(0)
})

test('a cluster follows the tier that another process tells', () => {
  const { tiers, review, told } = start('manual')
  tiers.follow({ tier: 5, version: 3, isFailback: false })
  review()
  expect([tiers.serving, tiers.version, told]).toEqual([5, 3, []])
})

test('a cluster that only follows does not move away from a tier that does not work here', () => {
  const { tiers, only, review, told } = start('manual')
  only(0, 1)
  tiers.follow({ tier: 5, version: 3, isFailback: false })
  review(false)
  expect([tiers.serving, told]).toEqual([5, []])
  review()
  expect([tiers.serving, told.length]).toEqual([0, 1])
})

test('the tier that serves always works, and with failback: manual it changes only when it does not', () => {
  const states = fc.array(fc.subarray([0, 1, 5]), { maxLength: 40 })
  fc.assert(
    fc.property(fc.constantFrom('auto', 'manual'), states, (failback, history) => {
      const { tiers, only } = start(failback)
      let last: number | undefined = 0
      for (const works of history) {
        only(...works)
        const { serving } = tiers
        if (serving === undefined) expect(works).toEqual([])
        else expect(works).toContain(serving)
        if (failback === 'auto') expect(serving).toBe(works[0])
        else if (last !== undefined && works.includes(last)) expect(serving).toBe(last)
        last = serving ?? last
      }
    }),
  )
})
