/** When a source is muted, and when it is unmuted. */
import { expect, test } from 'vitest'
import { READABLE, WRITABLE } from '../../../src/io/socket.js'
import { muteWhileFull } from '../../../src/pipe/fd/muting.js'
import { flowWith } from './flow.js'

const FULL = { ready: 0 }
const EMPTIED = { ready: WRITABLE }
const UNREAD = { ready: WRITABLE | READABLE }

test.each([
  ['is muted while bytes wait for a full sink', { inside: 1 }, EMPTIED, FULL, 'mute'],
  ['is not muted before its sink has said whether it takes bytes', {}, UNREAD, FULL, 'neither'],
  ['is not muted while its sink takes bytes', { inside: 1 }, UNREAD, {}, 'neither'],
  ['is not muted at its end', { inside: 1, phase: 'draining' }, UNREAD, FULL, 'neither'],
  ['is unmuted once it was emptied', {}, EMPTIED, {}, 'unmute'],
  ['is not unmuted before it was emptied', {}, UNREAD, {}, 'neither'],
])('a source %s', (_, facts, source, sink, what) => {
  const flow = flowWith(facts, source, sink)
  muteWhileFull(flow)
  const { mute, unmute, ready } = flow.source
  expect([mute.mock.calls.length, unmute.mock.calls.length]).toEqual([
    +(what === 'mute'),
    +(what === 'unmute'),
  ])
  // No event tells of bytes that come while the source is muted. It stays readable, so the pipe looks for them.
  expect(ready).toBe(what === 'mute' ? UNREAD.ready : source.ready)
})
