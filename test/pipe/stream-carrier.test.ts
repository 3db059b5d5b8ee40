/** The stream carrier lends bytes from memory that is used again. No byte may change before it has left. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { READABLE, WRITABLE } from '../../src/io/socket.js'
import { createPipeCounters } from '../../src/pipe/options.js'
import { type StreamFlow, streamCarrier } from '../../src/pipe/stream-carrier.js'
import { pattern, random } from '../support/bytes.js'
import { streamCarriage } from '../support/carriages.js'
import type { Peer } from '../support/peer.js'
import { Rig } from '../support/rig.js'
import { settled, turns } from '../support/wait.js'
import { KIB, MIB, WAYS } from './ways.js'

let rig: Rig
beforeEach(() => {
  rig = new Rig(streamCarriage)
})
afterEach(async () => {
  expect(await rig.finish()).toEqual([])
})

/** Stops reading and goes on, again and again, until this many bytes have come. */
async function readInFits(peer: Peer, bytes: number, seed: number): Promise<void> {
  const next = random(seed)
  while (peer.receivedBytes < bytes) {
    peer.pause()
    await turns(Math.floor(next() * 20))
    peer.resume()
    await turns(1 + Math.floor(next() * 3))
  }
}

/** Sends in pieces of every size for which there is a read memory. */
async function sendInPieces(peer: Peer, bytes: number, seed: number): Promise<void> {
  const next = random(seed)
  for (let offset = 0; offset < bytes; ) {
    const size = Math.min(bytes - offset, Math.ceil(10 ** (1 + next() * 5)))
    peer.send(pattern(seed, size, offset))
    offset += size
    if (next() < 0.2) await turns(1)
  }
}

test('a stream pipe delivers every byte unchanged to readers that pause and go on, both ways', async () => {
  const { client, backend, ended } = await rig.join()
  const bytes = 24 * MIB
  await Promise.all([
    sendInPieces(client, bytes, 1),
    sendInPieces(backend, bytes, 2),
    readInFits(backend, bytes, 3),
    readInFits(client, bytes, 4),
  ])
  client.end()
  backend.end()
  expect(await ended).toMatchObject({ cause: 'finished' })
  expect(backend.missingFrom(client)).toBeUndefined()
  expect(client.missingFrom(backend)).toBeUndefined()
})

test.each(WAYS)('a stream pipe delivers small messages unchanged past a full sink ($name)', async (way) => {
  const joined = await rig.join()
  const [from, to] = [way.from(joined), way.to(joined)]
  to.pause()
  let sent = 0
  for (; joined.pipe[way.direction].sink.queuedBytes === 0; sent += 700) {
    from.send(pattern(5, 700, sent))
    await turns(1)
  }
  from.send(pattern(5, 100 * KIB, sent))
  await turns(10)
  to.resume()
  await to.receive(sent + 100 * KIB)
  expect(to.missingFrom(from)).toBeUndefined()
})

test.each(WAYS)('a stalled sink of a stream pipe queues at most one read of 256 KiB ($name)', async (way) => {
  const joined = await rig.join()
  const { sink } = joined.pipe[way.direction]
  way.to(joined).pause()
  way.from(joined).send(Buffer.alloc(32 * MIB))
  await settled(() => joined.pipe[way.direction].bytes)
  expect(sink.queuedBytes).toBeGreaterThan(0)
  expect(sink.queuedBytes).toBeLessThanOrEqual(256 * KIB)
})

/** A flow between two mock streams. The source has `bytes`, and the sink is ready for `sinkReady`. */
function mockFlow(bytes: Buffer | undefined, sinkReady: number) {
  const told: unknown[] = []
  const source = {
    ready: READABLE,
    hasBytes: bytes !== undefined,
    hasEnded: false,
    isLending: false,
    read: () => bytes ?? Buffer.alloc(0),
    setReading: (isReading: boolean) => told.push(['reading', isReading]),
  }
  const sink = { ready: sinkReady, write: (chunk: Buffer) => told.push(['write', chunk.length]) > 0 }
  const flow = {
    source,
    sink,
    head: undefined,
    took: () => {},
    gave: () => {},
    counters: createPipeCounters(),
  }
  return { flow: flow as unknown as StreamFlow, told }
}

test('the stream carrier gives nothing to a full sink, and stops to read a source that still has bytes', () => {
  const { flow, told } = mockFlow(Buffer.from('waiting'), 0)
  expect(streamCarrier.move(flow, 1000)).toBe(0)
  expect(told).toEqual([['reading', false]])
})

test('the stream carrier gives one read to a sink with room, and stops to read a source that still has bytes', () => {
  const { flow, told } = mockFlow(Buffer.from('bytes'), WRITABLE)
  expect(streamCarrier.move(flow, 1000)).toBe(5)
  expect(told).toEqual([
    ['write', 5],
    ['reading', false],
  ])
})
