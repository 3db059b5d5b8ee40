/** Which carrier a flow goes on with, after a move of this size. */
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

/** Moves of these sizes one after the other: which carrier each leaves behind. */
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

test('a flow begins with a copy, and where it is always spliced with a splice', () => {
  expect(firstCarrier(flowWith())).toBe(copyCarrier)
  expect(firstCarrier(flowWith({ mode: 'off' }))).toBe(copyCarrier)
  expect(firstCarrier(flowWith({ mode: 'on' }))).toBe(kernelCarrier)
  expect(firstCarrier(flowWith({ mode: 'on', whyNotSplicing: 'switched-off' }))).toBe(copyCarrier)
  expect(firstCarrier(flowWith({ mode: 'on', state: holding() }))).toBe(copyCarrier)
})

describe('a flow that copies', () => {
  test('is promoted by one read that is bulk, and this is counted', () => {
    const flow = flowWith()
    expect(after(flow, 1, PROMOTE_BYTES - 1, PROMOTE_BYTES)).toEqual(['copy', 'copy', 'kernel'])
    expect(flow.counters.promotions).toBe(1)
  })

  test.each([
    ['is never to splice', { mode: 'off' }],
    ['may not splice', { whyNotSplicing: 'kernel-refused: EINVAL' }],
    ['has bytes inside', { inside: 1 }],
    ['holds bytes', { state: holding() }],
  ])('goes on where it %s', (_, facts) => {
    const flow = flowWith(facts)
    expect(after(flow, PROMOTE_BYTES)).toEqual(['copy'])
    expect(flow.counters.promotions).toBe(0)
  })
})

describe('a flow that splices', () => {
  test('is demoted by four small moves in a row, and this is counted', () => {
    const flow = splicing()
    expect(after(flow, SMALL, SMALL, SMALL, LARGE, SMALL, SMALL, SMALL)).not.toContain('copy')
    expect(after(flow, SMALL)).toEqual(['copy'])
    expect(flow.counters.demotions).toBe(1)
  })

  test('is not nearer to that by a run that moves nothing', () => {
    expect(after(splicing(), SMALL, 0, SMALL, 0, 0, SMALL)).not.toContain('copy')
  })

  test('begins to count small moves anew when it splices again', () => {
    const flow = splicing()
    after(flow, SMALL, SMALL, SMALL, SMALL, PROMOTE_BYTES)
    expect(after(flow, SMALL, SMALL, SMALL)).not.toContain('copy')
  })

  test('goes on where it always splices', () => {
    expect(after(splicing({ mode: 'on' }), 1, 1, 1, 1, 1, 1)).not.toContain('copy')
  })

  test('goes on while bytes are inside, and copies where it may splice no more', () => {
    const why = { whyNotSplicing: 'kernel-refused: ENOSYS' }
    expect(after(splicing({ ...why, inside: 1 }), 0)).toEqual(['kernel'])
    expect(after(splicing(why), 0)).toEqual(['copy'])
  })

  test('copies what has come back into this process', () => {
    expect(after(Object.assign(splicing(), { state: holding(), inside: 1 }), 0)).toEqual(['copy'])
  })
})

test('a watch stays until it has seen enough', () => {
  const flow = flowWith()
  const watch = new WatchedCarrier(flow, () => true)
  flow.carrier = watch
  expect(nextCarrier(flow, PROMOTE_BYTES)).toBe(watch)
  watch.isDone = true
  expect(nextCarrier(flow, PROMOTE_BYTES)).toBe(copyCarrier)
})
