/** One direction of a pipe: when it can move bytes, what it has in flight, and how it ends. */
import { describe, expect, test } from 'vitest'
import { READABLE, WRITABLE } from '../../src/io/socket.js'
import { MUST_WAIT } from '../../src/pipe/carrier.js'
import { directionBetween } from '../../src/pipe/choose-direction.js'
import type { PipeSettings } from '../../src/pipe/options.js'
import { carry, hostWith, StuckSocket } from './stuck-socket.js'

/** A direction between two sockets that take bytes and have none. */
function quietDirection(settings: Partial<PipeSettings> = {}) {
  const [source, sink] = [new StuckSocket(), new StuckSocket()]
  source.ready = WRITABLE
  sink.ready = WRITABLE
  return { direction: directionBetween(source, sink, hostWith(settings)), source, sink }
}

describe('the moves of a direction', () => {
  test('a direction can move if it has bytes in flight, or a readable source that has not ended', () => {
    const { direction, source } = quietDirection()
    expect(direction.canMove).toBe(false)
    direction.took(5)
    expect(direction.canMove).toBe(true)
    direction.gave(5)
    source.ready |= READABLE
    expect(direction.canMove).toBe(true)
    direction.sourceEnded()
    expect([direction.canMove, source.ready]).toEqual([false, WRITABLE])
  })

  test('a direction cannot move bytes into a full sink', () => {
    const { direction, sink } = quietDirection()
    direction.took(5)
    sink.ready = 0
    expect(direction.canMove).toBe(false)
  })

  test('a direction whose sink broke cannot move, even if it has bytes in flight', () => {
    const { direction, sink } = quietDirection()
    direction.took(5)
    direction.socketFailed(sink, 'EPIPE')
    expect(direction).toMatchObject({ phase: 'failed', inside: 5, canMove: false })
  })
})

test('a direction asks for another try if its carrier is short of memory', () => {
  const { direction } = quietDirection()
  carry(direction, () => MUST_WAIT)
  expect(direction.move(1000)).toBe(false)
  carry(direction, () => 0)
  expect(direction.move(1000)).toBe(true)
})

test.each([
  ['bytes in its carrier', 'in flight and stuck', { inside: 5 }, {}, {}],
  ['bytes in the queue of its sink', 'in flight and stuck', {}, {}, { queuedBytes: 5 }],
  ['bytes to read', 'in flight', {}, { ready: READABLE }, {}],
  ['bytes to read and a full sink', 'in flight and stuck', {}, { ready: READABLE }, { ready: 0 }],
  ['bytes that its peer has not acknowledged', 'stuck', {}, {}, { unacknowledged: 5 }],
  ['a full sink and no bytes', 'idle', {}, {}, { ready: 0 }],
  ['no bytes', 'idle', {}, {}, {}],
])('a direction with %s is %s', (_, state, facts, from, to) => {
  const { direction, source, sink } = quietDirection()
  Object.assign(direction, facts)
  Object.assign(source, from)
  Object.assign(sink, to)
  expect(direction.isInFlight).toBe(state.includes('in flight'))
  expect(direction.isStuck).toBe(state.includes('stuck'))
  direction.phase = 'failed'
  expect([direction.isInFlight, direction.isStuck]).toEqual([false, false])
})

describe('the end of a source', () => {
  test('a direction passes an end on only after the bytes before it', () => {
    const { direction, sink } = quietDirection()
    direction.took(5)
    direction.sourceEnded()
    direction.settle(false)
    expect([direction.phase, sink.closings]).toEqual(['draining', []])
    direction.gave(5)
    direction.settle(false)
    expect([direction.phase, sink.closings]).toEqual(['finished', ['shutdown']])
  })

  test('a direction leaves the last end of a pipe to the close that follows', () => {
    const { direction, sink } = quietDirection()
    direction.sourceEnded()
    direction.settle(true)
    expect([direction.phase, sink.closings]).toEqual(['finished', []])
  })

  test('a direction passes even the last end on, and goes on, while its sink has bytes to flush', () => {
    const { direction, sink } = quietDirection()
    sink.isFlushed = false
    direction.sourceEnded()
    direction.settle(true)
    expect([direction.phase, sink.closings]).toEqual(['draining', ['shutdown']])
  })

  test('a direction whose sink broke ignores a later end of its source', () => {
    const { direction, sink } = quietDirection()
    direction.socketFailed(sink, 'EPIPE')
    direction.sourceEnded()
    expect(direction.phase).toBe('failed')
  })
})

describe('a source that was reset', () => {
  test('a source that was reset keeps its first error', () => {
    const { direction, source } = quietDirection()
    direction.socketFailed(source, 'ECONNRESET')
    direction.socketFailed(source, 'EPIPE')
    expect(source.error).toBe('ECONNRESET')
  })

  test('a direction whose source was reset sends all its bytes, and then fails without FIN', () => {
    const { direction, source, sink } = quietDirection()
    direction.took(5)
    direction.socketFailed(source, 'ECONNRESET')
    direction.settle(false)
    expect(direction.phase).toBe('draining')
    direction.gave(5)
    sink.queuedBytes = 5
    direction.settle(false)
    expect(direction.phase).toBe('draining')
    sink.queuedBytes = 0
    direction.settle(false)
    expect([direction.phase, sink.closings]).toEqual(['failed', []])
  })
})

test.each([
  ['auto', 'not-a-plain-socket'],
  ['off', 'switched-off'],
] as const)('a direction with splice "%s" that copies gives the reason %s', (splice, why) => {
  const { direction } = quietDirection({ splice })
  expect([direction.whyNotSplicing, direction.whyCopying]).toEqual([why, why])
  direction.carrier = { ...direction.carrier, name: 'kernel' }
  expect(direction.whyCopying).toBeUndefined()
})
