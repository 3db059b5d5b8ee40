/** Which bytes a splice counts, what it tells the addon, and where its bytes go if the kernel refuses it. */
import { describe, expect, test } from 'vitest'
import {
  COPIED,
  ERROR,
  HINT_MAY_BE_EMPTY,
  IN,
  NO_KERNEL_PIPE,
  NO_PIPE,
  OUT,
  PIPE,
  SOURCE_EMPTY,
  SPLICE_REFUSED,
  TRY_LATER,
  URGENT_COPIED,
} from '../../../src/io/kernel/native-constants.js'
import { MUST_WAIT } from '../../../src/pipe/carrier.js'
import { kernelCarrier } from '../../../src/pipe/fd/kernel-carrier.js'
import { type Answer, scriptedDirection } from './scripted.js'

const BUDGET = 1000
const [EMFILE, EINVAL, ENOSYS] = [24, 22, 38]

/** Runs the carrier once for each answer of the addon. `came` has the results of the carrier. */
function after(...moves: Answer[]) {
  const scripted = scriptedDirection('on')
  scripted.answers.push(...moves)
  const came = moves.map(() => kernelCarrier.move(scripted.direction, BUDGET))
  return { ...scripted, came }
}

test('a splice does not count bytes as spliced that the addon copied, even if a later move sends them', () => {
  const first: Answer = [URGENT_COPIED, { [IN]: 10, [OUT]: 4, [PIPE]: 7, [COPIED]: 6 }]
  expect(after(first).direction).toMatchObject({ bytes: 4, inside: 6, splicedBytes: 0 })
  const { direction } = after(first, [0, { [IN]: 0, [OUT]: 6 }], [0, { [IN]: 10, [OUT]: 10 }])
  expect(direction).toMatchObject({ bytes: 20, inside: 0, splicedBytes: 14 })
})

test('a splice tells the addon that a source may be empty only after a move that brought bytes', () => {
  const { native } = after([0, {}], [0, { [IN]: 1, [OUT]: 1 }], [0, {}], [0, {}])
  const hints = native.splice.mock.calls.map((call) => Number(call[4]) & HINT_MAY_BE_EMPTY)
  expect(hints).toEqual([0, 0, HINT_MAY_BE_EMPTY, 0])
})

test('a splice gives a kernel pipe with bytes in it to the next move', () => {
  const { native } = after([0, { [IN]: 5, [PIPE]: 7 }], [0, { [OUT]: 5 }], [SOURCE_EMPTY, {}])
  expect(native.splice.mock.calls.map((call) => call[2])).toEqual([NO_KERNEL_PIPE, 7, NO_KERNEL_PIPE])
})

test('a splice asks for another try if the kernel is short of memory, and counts copies after urgent bytes', () => {
  const { came, direction, counters } = after(
    [TRY_LATER, { [IN]: 5, [PIPE]: 7 }],
    [URGENT_COPIED, { [OUT]: 5 }],
  )
  expect(came).toEqual([MUST_WAIT, 0])
  expect(direction).toMatchObject({ inside: 0, bytes: 5 })
  expect(counters.urgentFallbacks).toBe(1)
})

test('a direction that is dropped discards its kernel pipe with the bytes in it, and only once', () => {
  const { direction, native } = after([0, { [IN]: 5, [PIPE]: 7 }])
  direction.drop()
  direction.drop()
  expect(native.discardPipe.mock.calls).toEqual([[7]])
})

describe('a kernel that refuses', () => {
  test('the loop stops splicing for a while if the kernel gives no pipe', () => {
    const { loop, direction, counters } = after([NO_PIPE, { [ERROR]: EMFILE }])
    expect(loop.refusePipes.mock.calls).toEqual([['EMFILE']])
    expect(loop.refuseSplice).not.toHaveBeenCalled()
    expect([direction.refusal, counters.pipesRefused, counters.splicesRefused]).toEqual([undefined, 1, 0])
  })

  test('one direction copies if the kernel does not splice its sockets', () => {
    const { loop, direction, counters } = after([SPLICE_REFUSED, { [ERROR]: EINVAL }])
    expect(loop.refuseSplice).not.toHaveBeenCalled()
    expect([direction.refusal, direction.whyNotSplicing]).toEqual(Array(2).fill('kernel-refused: EINVAL'))
    expect([counters.pipesRefused, counters.splicesRefused]).toEqual([0, 1])
  })

  test('the whole process copies if the kernel does not splice at all', () => {
    const { loop, direction } = after([SPLICE_REFUSED, { [ERROR]: ENOSYS }])
    expect(loop.refuseSplice.mock.calls).toEqual([['ENOSYS']])
    expect(direction.refusal).toBeUndefined()
  })

  test('a direction takes spliced bytes back and holds them if the kernel does not splice them out', () => {
    const refused = { [ERROR]: ENOSYS, [PIPE]: 7 }
    const { direction, native } = after([0, { [IN]: 5, [PIPE]: 7 }], [SPLICE_REFUSED, refused])
    expect(native.emptyPipe).toHaveBeenCalledWith(7, expect.anything())
    expect(direction.state?.held?.toString()).toBe('01234')
    expect(direction.inside).toBe(5)
    direction.drop()
    expect(native.discardPipe).not.toHaveBeenCalled()
  })
})
