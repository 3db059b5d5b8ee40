/** The totals of a pipe, why it did not splice and whom it waited for, from the facts of its two directions. */
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

test("a pipe's received bytes are the bytes that went out and those inside, each way", () => {
  const totals = totalsOf(
    way({ bytes: 1, inside: 2, splicedBytes: 1 }),
    way({ bytes: 40, inside: 8, splicedBytes: 30 }),
  )
  expect(totals).toMatchObject({ bytesUp: 1, splicedUp: 1, receivedUp: 3 })
  expect(totals).toMatchObject({ bytesDown: 40, splicedDown: 30, receivedDown: 48 })
})

test.each([
  ['no reason, if one way was spliced', {}, { splicedBytes: 1 }, undefined],
  [
    'the refusal of one way, if the other way was spliced',
    { splicedBytes: 1 },
    { refusal: 'kernel-refused: EINVAL' },
    'kernel-refused: EINVAL',
  ],
  ['small messages, if neither way was spliced', {}, {}, 'small'],
  ['no reason, if it always splices and no byte came', { mode: 'on' }, { mode: 'on' }, undefined],
  ['the reason of the way up', { whyNotSplicing: 'switched-off' }, {}, 'switched-off'],
  ['the reason of the way down', {}, { whyNotSplicing: 'not-a-plain-socket' }, 'not-a-plain-socket'],
] as const)('a pipe tells why it did not splice: %s', (_, up, down, why) => {
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
] as const)('a pipe that ended by %s with %j up and %j down waited for: %s', (cause, up, down, who) => {
  expect(waitedFor(way(up), way(down), cause)).toBe(who)
})
