/** When a flow may have a copy offload, and which of its moves the addon reports. */
import { expect, test } from 'vitest'
import { PEER_ENDED, READABLE, URGENT, WRITABLE } from '../../../src/io/socket.js'
import { PROMOTE_BYTES } from '../../../src/pipe/fd/choose-carrier.js'
import { copyOffload } from '../../../src/pipe/fd/copy-offload.js'
import { kernelCarrier } from '../../../src/pipe/fd/kernel-carrier.js'
import { flowWith } from './flow.js'

test.each([
  ['bulk, in mode "auto"', {}, {}, PROMOTE_BYTES],
  ['no move, in mode "off"', { mode: 'off' }, {}, Number.POSITIVE_INFINITY],
  ['the first bytes of a flow', { bytes: 0 }, {}, 0],
  ['every move, in mode "on"', { mode: 'on' }, {}, 0],
  ['the next bytes of a source that is not writable', {}, { ready: 0 }, 0],
])('the addon is told to report %s', (_, facts, source, from) => {
  const flow = flowWith(facts, source)
  copyOffload.leave(flow)
  expect(flow.source.loop.offloadCopy.mock.calls).toEqual([[flow.source, 4, from]])
  expect(flow.source.loop.endOffload).not.toHaveBeenCalled()
})

test.each([
  ['bytes are spliced', { carrier: kernelCarrier }, {}, {}],
  ['bytes are inside', { inside: 1 }, {}, {}],
  ['the source has ended', { phase: 'draining' }, {}, {}],
  ['the source has bytes', {}, { ready: WRITABLE | READABLE }, {}],
  ['the source has an urgent byte', {}, { ready: WRITABLE | URGENT }, {}],
  ['the source has an end to tell', {}, { ready: PEER_ENDED }, {}],
  ['the sink is full', {}, {}, { ready: 0 }],
  ['the sink broke', {}, {}, { error: 'EPIPE' }],
])('a flow has no copy offload if %s', (_, facts, source, sink) => {
  const flow = flowWith(facts, source, sink)
  copyOffload.leave(flow)
  expect(flow.source.loop.endOffload.mock.calls).toEqual([[flow.source]])
  expect(flow.source.loop.offloadCopy).not.toHaveBeenCalled()
})
