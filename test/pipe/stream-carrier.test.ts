/** The stream carrier lends bytes from memory that is used again. No byte may change before it has left. */
import { afterEach, beforeEach, expect, test } from 'vitest'
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
