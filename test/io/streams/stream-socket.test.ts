/** A stream socket: when a sink takes more bytes, and how many bytes a source gives in one turn. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { Duplex } from 'node:stream'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { RunQueue } from '../../../src/io/run-queue.js'
import { PEER_ENDED, READABLE, type Socket, WRITABLE } from '../../../src/io/socket.js'
import { StreamEngine } from '../../../src/io/streams/stream-engine.js'
import { StreamSocket } from '../../../src/io/streams/stream-socket.js'
import { pattern } from '../../support/bytes.js'
import { streamCarriage } from '../../support/carriages.js'
import { Rig } from '../../support/rig.js'
import { settled, until } from '../../support/wait.js'

const KIB = 1024
const MIB = 1024 * KIB

let rig: Rig
beforeEach(() => {
  rig = new Rig(streamCarriage)
})
afterEach(async () => {
  expect(await rig.finish()).toEqual([])
})

/** A stream whose writes end when the test calls `flush`. */
class Slow extends Duplex {
  readonly #writing: (() => void)[] = []

  override _read(): void {}

  override _write(_chunk: Buffer, _encoding: string, done: () => void): void {
    this.#writing.push(done)
  }

  flush(): void {
    for (let done = this.#writing.shift(); done !== undefined; done = this.#writing.shift()) done()
  }
}

function makeSink(): { stream: Slow; sink: StreamSocket; runs: () => number } {
  const stream = new Slow({ highWaterMark: 16 * KIB })
  const sink = new StreamSocket(stream, new RunQueue(), 'not-a-plain-socket')
  let runs = 0
  const run = (): void => {
    runs++
  }
  sink.owner = { isQueued: false, run }
  return { stream, sink, runs: () => runs }
}

test('a sink takes more bytes at once if it may keep the bytes it was given', () => {
  const { stream, sink } = makeSink()
  expect(sink.write(Buffer.alloc(KIB), false)).toBe(true)
  stream.destroy()
})

test('a sink that was lent even a few bytes takes no more until they have gone', async () => {
  const { stream, sink, runs } = makeSink()
  expect(sink.write(Buffer.alloc(KIB), true)).toBe(false)
  sink.ready &= ~WRITABLE
  stream.flush()
  await until(() => runs() === 1)
  expect(sink.ready & WRITABLE).toBe(WRITABLE)
  expect(sink.queuedBytes).toBe(0)
  stream.destroy()
})

test('a full sink is writable again when it has drained', async () => {
  const { stream, sink, runs } = makeSink()
  expect(sink.write(Buffer.alloc(64 * KIB), false)).toBe(false)
  sink.ready &= ~WRITABLE
  stream.flush()
  await until(() => runs() === 1)
  expect(sink.ready & WRITABLE).toBe(WRITABLE)
  stream.destroy()
})

test('a source with much to read gives one read in each turn', async () => {
  const [peer, near] = await rig.accept()
  const source = near as StreamSocket
  let total = 0
  let inTurn = 0
  let most = 0
  const run = (): void => {
    inTurn += source.read(MIB).length
    source.ready &= ~READABLE
  }
  source.owner = { isQueued: false, run }
  source.setReading(true)
  peer.send(Buffer.alloc(16 * MIB))
  await until(() => {
    total += inTurn
    most = Math.max(most, inTurn)
    inTurn = 0
    return total === 16 * MIB
  })
  // The first turn may also have filled the smaller memories.
  expect(most).toBeLessThanOrEqual((1 + 64 + 256) * KIB)
  source.reset()
  await peer.closed
})

test('a source does not overwrite bytes that nobody has taken yet', async () => {
  const [peer, near] = await rig.accept()
  const source = near as StreamSocket
  source.owner = { isQueued: false, run: () => {} }
  source.setReading(true)
  peer.send(pattern(1, 64 * KIB))
  await settled(() => source.ready)
  expect(source.read(MIB).equals(pattern(1, KIB))).toBe(true)
  source.reset()
  await peer.closed
})

test('a reset behind bytes is told as a reset, also after FIN was sent', async () => {
  const engine = new StreamEngine('switched-off')
  const accepted: Socket[] = []
  const handler = { accepted: (socket: Socket) => accepted.push(socket), paused: () => {} }
  const address = { kind: 'tcp', host: '127.0.0.1', port: 0 } as const
  const listening = await engine.listen(address, { backlog: 1, sharePort: false }, handler)
  const { port } = listening.address as { port: number }
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true }).resume()
  await until(() => accepted.length === 1)
  const [socket] = accepted as [Socket]
  const heard: string[] = []
  const run = (): void => {
    heard.push(socket.read(KIB).toString())
    socket.awaitMore()
  }
  socket.owner = { isQueued: false, run }
  socket.shutdown()
  socket.awaitMore()
  await once(client, 'end')
  client.write('bytes')
  client.resetAndDestroy()
  await until(() => (socket.ready & PEER_ENDED) !== 0)
  expect(socket.error).toBe('ECONNRESET')
  expect(heard.join('')).toBe('bytes')
  listening.close()
})
