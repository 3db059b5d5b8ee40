/** The hints that the addon gets before a move, and what the findings of the addon change. */
import { expect, test } from 'vitest'
import {
  ERROR,
  HINT_MAY_BE_EMPTY,
  HINT_MAY_BE_URGENT,
  HINT_READ_TO_THE_END,
  HINT_READABLE,
  SINK_FAILED,
  SINK_FULL,
  SOURCE_EMPTY,
  SOURCE_ENDED,
  SOURCE_FAILED,
  TRY_LATER,
} from '../../../src/io/kernel/native-constants.js'
import { BROKEN, PEER_ENDED, READABLE, URGENT, WRITABLE } from '../../../src/io/socket.js'
import { MUST_WAIT } from '../../../src/pipe/carrier.js'
import { applyFindings, cameOrMustWait, hintsFor } from '../../../src/pipe/fd/findings.js'
import { SpliceState } from '../../../src/pipe/fd/splice-state.js'
import { flowWith } from './flow.js'
import { scriptedDirection } from './scripted.js'

const ECONNRESET = 104
const maybeEmpty = (mayBeEmpty: boolean): SpliceState => Object.assign(new SpliceState(), { mayBeEmpty })

test.each([
  ['is readable', READABLE, {}, HINT_READABLE],
  ['has no bytes', WRITABLE, {}, 0],
  ['is readable in a draining direction', READABLE, { phase: 'draining' }, 0],
  ['may have an urgent byte', READABLE | URGENT, {}, HINT_READABLE | HINT_MAY_BE_URGENT],
  ['has ended', READABLE | PEER_ENDED, {}, HINT_READABLE | HINT_READ_TO_THE_END],
  ['is broken', READABLE | BROKEN, {}, HINT_READABLE | HINT_READ_TO_THE_END],
  ['may be empty', READABLE, { state: maybeEmpty(true) }, HINT_READABLE | HINT_MAY_BE_EMPTY],
  ['was spliced and is not empty', READABLE, { state: maybeEmpty(false) }, HINT_READABLE],
])('the addon gets the right hints for a source that %s', (_, ready, facts, hints) => {
  expect(hintsFor(flowWith(facts, { ready }), 1)).toBe(hints)
})

test('the addon reads nothing from a readable source for a move without a budget', () => {
  expect(hintsFor(flowWith({}, { ready: READABLE }), 0)).toBe(0)
})

test.each([
  ['a move reads an empty source only after a new event', SOURCE_EMPTY, WRITABLE, WRITABLE, 'flowing'],
  [
    'a move sends bytes into a full sink only after a new event of the sink',
    SINK_FULL,
    READABLE | URGENT | WRITABLE,
    0,
    'flowing',
  ],
  ['a direction whose source has ended drains', SOURCE_ENDED, URGENT | WRITABLE, WRITABLE, 'draining'],
])('%s', (_, found, sourceReady, sinkReady, phase) => {
  const { direction, counters } = scriptedDirection()
  direction.source.ready |= URGENT
  applyFindings(direction, found)
  expect([direction.source.ready, direction.sink.ready, direction.phase]).toEqual([
    sourceReady,
    sinkReady,
    phase,
  ])
  expect(counters.sinkFull).toBe(found === SINK_FULL ? 1 : 0)
})

test.each([
  ['source', SOURCE_FAILED, 'draining'],
  ['sink', SINK_FAILED, 'failed'],
] as const)('a direction keeps an error of its %s only at that socket', (side, found, phase) => {
  const { direction, outcome } = scriptedDirection()
  outcome[ERROR] = ECONNRESET
  applyFindings(direction, found)
  expect(direction[side].error).toBe('ECONNRESET')
  expect(direction[side === 'source' ? 'sink' : 'source'].error).toBeUndefined()
  expect(direction.phase).toBe(phase)
})

test('a move asks for another try if the kernel is short of memory, even if bytes came', () => {
  expect([cameOrMustWait(5, 0), cameOrMustWait(5, TRY_LATER)]).toEqual([5, MUST_WAIT])
})
