import fc from 'fast-check'
import { beforeEach, expect, test } from 'vitest'
import { Flapping } from '../../../src/cluster/health/flapping.js'
import type { FlappingPolicy } from '../../../src/cluster/health/policy.js'

const POLICY: FlappingPolicy = { changes: 4, withinMs: 300_000, maxForMs: 300_000 }

let policy: FlappingPolicy | false
let flapping: Flapping
beforeEach(() => {
  policy = POLICY
  flapping = new Flapping(() => policy)
})

/** Changes every second from `now` on. Returns the holds that begin. */
const changes = (count: number, now: number): number[] =>
  Array.from({ length: count }, (_, turn) => flapping.changed(now + turn * 1000, () => true))

test('the fourth change within 5 minutes holds a backend for 30 s', () => {
  expect(changes(4, 1000)).toEqual([0, 0, 0, 30_000])
  expect([flapping.isHeld(33_999), flapping.isHeld(34_000)]).toEqual([true, false])
})

test('changes that are 5 minutes old do not count', () => {
  changes(3, 0)
  expect(flapping.changed(300_000, () => true)).toBe(0)
  expect(flapping.changed(300_500, () => true)).toBe(30_000)
})

test('a backend that goes on to change is held twice as long each time, up to the longest', () => {
  let now = 0
  const holds = changes(4, now)
  for (let turn = 0; turn < 5; ++turn) {
    now = flapping.heldUntil
    holds.push(...changes(4, now))
  }
  expect(holds.filter((ms) => ms > 0)).toEqual([30_000, 60_000, 120_000, 240_000, 300_000, 300_000])
})

test('a backend that comes back, or that its cluster cannot do without, is not held, and its change counts', () => {
  changes(3, 0)
  expect([flapping.changed(3000, () => false), flapping.changed(4000, () => true)]).toEqual([0, 30_000])
})

test('changes during a hold begin no other hold', () => {
  changes(4, 0)
  expect(changes(9, 5000)).toEqual(Array(9).fill(0))
})

test('a backend that was quiet for 5 minutes after a hold is held for 30 s again', () => {
  changes(4, 0)
  changes(4, flapping.heldUntil)
  expect(changes(4, flapping.heldUntil + 300_000)).toEqual([0, 0, 0, 30_000])
})

test('no hold is longer than the longest', () => {
  policy = { ...POLICY, maxForMs: 10_000 }
  expect(changes(4, 0)).toEqual([0, 0, 0, 10_000])
})

test('with flapping: false no change begins a hold, and a hold ends at the next change', () => {
  changes(4, 0)
  policy = false
  expect(changes(9, 5000)).toEqual(Array(9).fill(0))
  expect(flapping.isHeld(5001)).toBe(false)
})

test('whenever a hold begins there were enough changes, and without a hold there were not', () => {
  const pauses = fc.array(fc.integer({ min: 0, max: 120_000 }), { maxLength: 60 })
  fc.assert(
    fc.property(pauses, fc.infiniteStream(fc.boolean()), (afterMs, permissions) => {
      flapping = new Flapping(() => POLICY)
      const times: number[] = []
      let now = 1
      for (const ms of afterMs) {
        now += ms
        times.push(now)
        const wasHeld = flapping.isHeld(now)
        const mayHold: boolean = permissions.next().value
        const holdMs = flapping.changed(now, () => mayHold)
        const recent = times.filter((at) => now - at < POLICY.withinMs).length
        expect(holdMs > 0).toBe(mayHold && !wasHeld && recent >= POLICY.changes)
        expect([0, 30_000, 60_000, 120_000, 240_000, 300_000]).toContain(holdMs)
      }
    }),
  )
})
