/** A copy holds the bytes that its sink did not take. It sends them once, and before it reads more. */
import { describe, expect, test } from 'vitest'
import {
  IN,
  LEFT_AT,
  LEFT_BYTES,
  OUT,
  SINK_FULL,
  SOURCE_EMPTY,
  TRY_LATER,
} from '../../../src/io/kernel/native-constants.js'
import { WRITABLE } from '../../../src/io/socket.js'
import { MUST_WAIT } from '../../../src/pipe/carrier.js'
import { copyCarrier } from '../../../src/pipe/fd/copy-carrier.js'
import { scriptedDirection } from './scripted.js'

const BUDGET = 1000

describe('bytes that a copy holds', () => {
  const holding = () => scriptedDirection('off', Buffer.from('abcde'))

  test('a copy sends the bytes that it holds once, and before it reads more', () => {
    const { direction, answers, native, sent } = holding()
    answers.push([SINK_FULL, { [OUT]: 2 }])
    expect(copyCarrier.move(direction, BUDGET)).toBe(0)
    expect([direction.inside, direction.bytes, direction.sink.ready]).toEqual([3, 2, 0])
    expect(native.copy).not.toHaveBeenCalled()
    direction.sink.ready = WRITABLE
    answers.push([0, { [OUT]: 3 }], [SOURCE_EMPTY, { [IN]: 4, [OUT]: 4 }])
    expect(copyCarrier.move(direction, BUDGET)).toBe(4)
    expect(sent).toEqual(['abcde', 'cde'])
    expect([direction.inside, direction.bytes, direction.state?.held]).toEqual([0, 9, undefined])
  })

  test('a copy that holds bytes reads nothing and asks for another try if the kernel is short of memory', () => {
    const { direction, answers, native } = holding()
    answers.push([TRY_LATER, {}])
    expect(copyCarrier.move(direction, BUDGET)).toBe(MUST_WAIT)
    expect(native.copy).not.toHaveBeenCalled()
    expect(direction).toMatchObject({ inside: 5, canMove: true })
  })

  test('a copy that holds bytes reads and sends nothing while its sink is full', () => {
    const { direction, native } = holding()
    direction.sink.ready = 0
    expect(copyCarrier.move(direction, BUDGET)).toBe(0)
    expect(native.send).not.toHaveBeenCalled()
    expect(native.copy).not.toHaveBeenCalled()
  })

  test('a direction that is dropped gives up the bytes that a copy holds', () => {
    const { direction } = holding()
    direction.drop()
    expect(direction.state?.held).toBeUndefined()
  })
})

test('a copy keeps the bytes that its sink did not take when a later read overwrites the scratch buffer', () => {
  const { direction, answers, loop } = scriptedDirection('off')
  answers.push([SINK_FULL | SOURCE_EMPTY, { [IN]: 6, [OUT]: 2, [LEFT_AT]: 2, [LEFT_BYTES]: 4 }])
  expect(copyCarrier.move(direction, BUDGET)).toBe(6)
  loop.scratch.fill('x')
  expect(direction.state?.held?.toString()).toBe('2345')
  expect([direction.inside, direction.bytes]).toEqual([4, 2])
})

test('a copy asks for another try if the kernel is short of memory', () => {
  const { direction, answers } = scriptedDirection('off')
  answers.push([TRY_LATER, {}])
  expect(copyCarrier.move(direction, BUDGET)).toBe(MUST_WAIT)
})
