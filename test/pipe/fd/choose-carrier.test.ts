/** Which carrier a flow begins with, and which one it uses after a move of a given size. */
import { describe, expect, test } from 'vitest'
import type { Carrier } from '../../../src/pipe/carrier.js'
import {
  beginSplicing,
  firstCarrier,
  nextCarrier,
  PROMOTE_BYTES,
} from '../../../src/pipe/fd/choose-carrier.js'
import { copyCarrier } from '../../../src/pipe/fd/copy-carrier.js'
import type { FdFlow } from '../../../src/pipe/fd/fd-flow.js'
import { kernelCarrier } from '../../../src/pipe/fd/kernel-carrier.js'
import { SpliceState } from '../../../src/pipe/fd/splice-state.js'
import { WatchedCarrier } from '../../../src/pipe/watched-carrier.js'
import { flowWith } from './flow.js'

const SMALL = 16 * 1024 - 1
const LARGE = 16 * 1024

/** Makes moves of these sizes one after the other. The result names the carrier after each move. */
function after(flow: FdFlow, ...sizes: number[]): string[] {
  return sizes.map((came) => {
    flow.carrier = nextCarrier(flow, came) as Carrier<FdFlow>
    return flow.carrier.name
  })
}

const holding = (): SpliceState => Object.assign(new SpliceState(), { held: Buffer.from('x') })
const splicing = (facts: object = {}): FdFlow => {
  const flow = flowWith(facts)
  flow.carrier = beginSplicing(flow)
  return flow
}

test('a flow begins with a copy, or with a splice if it always splices', () => {
  expect(firstCarrier(flowWith())).toBe(copyCarrier)
  expect(firstCarrier(flowWith({ mode: 'off' }))).toBe(copyCarrier)
  expect(firstCarrier(flowWith({ mode: 'on' }))).toBe(kernelCarrier)
  expect(firstCarrier(flowWith({ mode: 'on', whyNotSplicing: 'switched-off' }))).toBe(copyCarrier)
  expect(firstCarrier(flowWith({ mode: 'on', state: holding() }))).toBe(copyCarrier)
})

describe('a flow that copies', () => {
  test('a flow that copies is promoted by one read of 32 KiB, and the promotion is counted', () => {
    const flow = flowWith()
    expect(after(flow, 1, PROMOTE_BYTES - 1, PROMOTE_BYTES)).toEqual(['copy', 'copy', 'kernel'])
    expect(flow.counters.promotions).toBe(1)
  })

  test.each([
    ['must never splice', { mode: 'off' }],
    ['may not splice', { whyNotSplicing: 'kernel-refused: EINVAL' }],
    ['has bytes inside', { inside: 1 }],
    ['holds bytes', { state: holding() }],
  ])('a flow that copies goes on copying if it %s', (_, facts) => {
    const flow = flowWith(facts)
    expect(after(flow, PROMOTE_BYTES)).toEqual(['copy'])
    expect(flow.counters.promotions).toBe(0)
  })
})

describe('a flow that splices', () => {
  test('a flow that splices is demoted by four small moves in a row, and the demotion is counted', () => {
    const flow = splicing()
    expect(after(flow, SMALL, SMALL, SMALL, LARGE, SMALL, SMALL, SMALL)).not.toContain('copy')
    expect(after(flow, SMALL)).toEqual(['copy'])
    expect(flow.counters.demotions).toBe(1)
  })

  test('a move of no bytes does not bring a flow that splices nearer to its demotion', () => {
    expect(after(splicing(), SMALL, 0, SMALL, 0, 0, SMALL)).not.toContain('copy')
  })

  test('a flow that splices again counts its small moves from zero', () => {
    const flow = splicing()
    after(flow, SMALL, SMALL, SMALL, SMALL, PROMOTE_BYTES)
    expect(after(flow, SMALL, SMALL, SMALL)).not.toContain('copy')
  })

  test('a flow in mode "on" goes on splicing after any number of small moves', () => {
    expect(after(splicing({ mode: 'on' }), 1, 1, 1, 1, 1, 1)).not.toContain('copy')
  })

  test('a flow that may splice no more empties its kernel pipe first, and then copies', () => {
    const why = { whyNotSplicing: 'kernel-refused: ENOSYS' }
    expect(after(splicing({ ...why, inside: 1 }), 0)).toEqual(['kernel'])
    expect(after(splicing(why), 0)).toEqual(['copy'])
  })

  test('a flow that splices copies the bytes that came back into the process', () => {
    expect(after(Object.assign(splicing(), { state: holding(), inside: 1 }), 0)).toEqual(['copy'])
  })
})

test('a watched carrier stays until its watch has seen enough', () => {
  const flow = flowWith()
  const watch = new WatchedCarrier(flow, () => true)
  flow.carrier = watch
  expect(nextCarrier(flow, PROMOTE_BYTES)).toBe(watch)
  watch.isDone = true
  expect(nextCarrier(flow, PROMOTE_BYTES)).toBe(copyCarrier)
})
