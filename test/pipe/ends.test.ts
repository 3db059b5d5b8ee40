/** A pipe knows which side ended first, however late the other side ends. */
import { expect, test } from 'vitest'
import type { Direction } from '../../src/pipe/direction.js'
import { endedFirst, endsAfter, NOTHING_IS_OVER } from '../../src/pipe/ends.js'

const flowing = { isOver: false } as Direction
const over = { isOver: true } as Direction

test.each([
  ['client', over, flowing],
  ['backend', flowing, over],
] as const)('a pipe knows that the %s ended first, also once both directions are over', (side, up, down) => {
  const first = endsAfter(NOTHING_IS_OVER, up, down)
  const both = endsAfter(first, over, over)
  expect([endedFirst(first), endedFirst(both)]).toEqual([side, side])
  expect(new Set([NOTHING_IS_OVER, first, both]).size).toBe(3)
})

test('a pipe names no side as first if both directions end at once, or if none has ended', () => {
  expect(endedFirst(endsAfter(NOTHING_IS_OVER, over, over))).toBeUndefined()
  expect(endsAfter(NOTHING_IS_OVER, flowing, flowing)).toBe(NOTHING_IS_OVER)
})

test('the ends of a pipe stay the same while no further direction is over', () => {
  const first = endsAfter(NOTHING_IS_OVER, over, flowing)
  const both = endsAfter(first, over, over)
  expect([endsAfter(first, over, flowing), endsAfter(both, over, over)]).toEqual([first, both])
})

test('an end that a stream has not confirmed changes the ends of a pipe once, and names no side as first', () => {
  const pending = { isOver: false, isEndPending: true } as Direction
  const first = endsAfter(NOTHING_IS_OVER, pending, flowing)
  expect([first === NOTHING_IS_OVER, endsAfter(first, pending, flowing)]).toEqual([false, first])
  expect([endedFirst(first), endedFirst(endsAfter(first, pending, over))]).toEqual([undefined, 'backend'])
})
