/** How a direction acts on the reports of its copy offload. */
import { expect, test } from 'vitest'
import {
  ERROR,
  LEFT_AT,
  LEFT_BYTES,
  SINK_FULL,
  SOURCE_EMPTY,
  SOURCE_ENDED,
  SOURCE_FAILED,
} from '../../../src/io/kernel/native-constants.js'
import { READABLE, WRITABLE } from '../../../src/io/socket.js'
import { PROMOTE_BYTES } from '../../../src/pipe/fd/choose-carrier.js'
import { scriptedDirection } from './scripted.js'

const ECONNRESET = 104

/** A direction with splice `auto` that has read all bytes of its source. */
const offloaded = () => {
  const scripted = scriptedDirection()
  scripted.direction.source.ready = WRITABLE
  return scripted
}

test('a direction keeps its copy offload after a small message', () => {
  const { direction } = offloaded()
  expect(direction.told(PROMOTE_BYTES - 1, SOURCE_EMPTY)).toBe(true)
  expect([direction.carrier.name, direction.source.ready]).toEqual(['copy', WRITABLE])
})

test('a direction splices after its copy offload moved bulk and emptied the source', () => {
  const { direction } = offloaded()
  expect(direction.told(PROMOTE_BYTES, SOURCE_EMPTY)).toBe(false)
  expect([direction.carrier.name, direction.source.ready]).toEqual(['kernel', WRITABLE])
})

test('a direction takes its source as readable if the copy offload did not empty it', () => {
  const { direction } = offloaded()
  expect(direction.told(PROMOTE_BYTES, 0)).toBe(false)
  expect(direction.source.ready & READABLE).toBe(READABLE)
})

test('a direction does not hold bytes that the move of another direction left over', () => {
  const { direction, outcome } = offloaded()
  outcome[LEFT_BYTES] = 4
  direction.told(PROMOTE_BYTES, SOURCE_EMPTY)
  expect(direction.state?.held).toBeUndefined()
})

test('a direction holds the bytes that its full sink did not take', () => {
  const { direction, outcome } = offloaded()
  outcome[LEFT_AT] = 2
  outcome[LEFT_BYTES] = 4
  expect(direction.told(6, SINK_FULL | SOURCE_EMPTY)).toBe(false)
  expect(direction.state?.held?.toString()).toBe('2345')
  expect(direction.sink.ready).toBe(0)
})

test('a direction keeps a reset that its copy offload found, because the kernel tells it only once', () => {
  const { direction, outcome } = offloaded()
  outcome[ERROR] = ECONNRESET
  expect(direction.told(0, SOURCE_FAILED)).toBe(false)
  expect([direction.source.error, direction.phase]).toEqual(['ECONNRESET', 'draining'])
})

test('a direction takes an end that its copy offload found as the end of its source', () => {
  const { direction } = offloaded()
  expect(direction.told(5, SOURCE_ENDED)).toBe(false)
  expect(direction.phase).toBe('draining')
})

test('a direction gives the refusal of the kernel as the reason why it does not splice', () => {
  const { direction } = scriptedDirection('on')
  direction.state!.refusal = 'kernel-refused: EINVAL'
  expect(direction.whyNotSplicing).toBe('kernel-refused: EINVAL')
})
