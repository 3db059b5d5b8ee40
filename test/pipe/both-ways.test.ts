/** What a pipe tells of itself, from what each of its directions tells. */
import { expect, test } from 'vitest'
import { totalsOf, waitedFor } from '../../src/pipe/both-ways.js'
import type { Direction } from '../../src/pipe/direction.js'

const IDLE = {
  bytes: 0,
  inside: 0,
  splicedBytes: 0,
  mode: 'auto',
  refusal: undefined,
  whyNotSplicing: undefined,
  isStuck: false,
  isOver: false,
}
const way = (facts: Partial<Direction> = {}): Direction => ({ ...IDLE, ...facts }) as Direction

test('what was received is what went out and what is inside, each way', () => {
  const totals = totalsOf(
    way({ bytes: 1, inside: 2, splicedBytes: 1 }),
    way({ bytes: 40, inside: 8, splicedBytes: 30 }),
  )
  expect(totals).toMatchObject({ bytesUp: 1, splicedUp: 1, receivedUp: 3 })
  expect(totals).toMatchObject({ bytesDown: 40, splicedDown: 30, receivedDown: 48 })
})

test.each([
  ['nothing, where one way was spliced', {}, { splicedBytes: 1 }, undefined],
  [
    'a refusal, where the other way was spliced',
    { splicedBytes: 1 },
    { refusal: 'kernel-refused: EINVAL' },
    'kernel-refused: EINVAL',
  ],
  ['small messages, where nothing was', {}, {}, 'small'],
  ['nothing, where it always splices and nothing came', { mode: 'on' }, { mode: 'on' }, undefined],
  ['what the one way says', { whyNotSplicing: 'switched-off' }, {}, 'switched-off'],
  ['what the other way says', {}, { whyNotSplicing: 'not-a-plain-socket' }, 'not-a-plain-socket'],
] as const)('why bytes were not spliced: %s', (_, up, down, why) => {
  expect(totalsOf(way(up), way(down)).notSplicing).toBe(why)
})

const STUCK = { isStuck: true }
const OVER = { isOver: true }
test.each([
  ['idle-timeout', STUCK, {}, 'backend'],
  ['idle-timeout', {}, STUCK, 'client'],
  ['idle-timeout', STUCK, STUCK, 'client'],
  ['idle-timeout', {}, {}, undefined],
  ['idle-timeout', OVER, {}, undefined],
  ['half-closed-timeout', OVER, {}, 'backend'],
  ['half-closed-timeout', {}, OVER, 'client'],
  ['half-closed-timeout', OVER, STUCK, 'client'],
  ['lifetime', STUCK, STUCK, undefined],
  ['ordered', STUCK, {}, undefined],
] as const)('%s with %j up and %j down waited for: %s', (cause, up, down, who) => {
  expect(waitedFor(way(up), way(down), cause)).toBe(who)
})
