/** Before the pipe, a socket of either kind shows, gives, sends and is handed to Node in the same way. */
import { once } from 'node:events'
import type { Socket as NetSocket } from 'node:net'
import { Duplex } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { RunQueue } from '../../src/io/run-queue.js'
import { BROKEN, PEER_ENDED, type Socket, WRITABLE } from '../../src/io/socket.js'
import { asStream } from '../../src/io/streams/as-stream.js'
import { StreamSocket } from '../../src/io/streams/stream-socket.js'
import { pattern } from '../support/bytes.js'
import { type Carriage, carriages } from '../support/carriages.js'
import type { Peer } from '../support/peer.js'
import { type Family, Rig } from '../support/rig.js'
import { turns, until } from '../support/wait.js'

const KIB = 1024
const MIB = 1024 * KIB
/** More bytes than a socket holds while it is only looked at. */
const PLENTY = 40 * KIB
const MOST = 64 * KIB
/** The most that a stream may hold beyond the 16 KiB: one more read. */
const MOST_READ = 64 * KIB

/** One carriage for each kind of socket. How the bytes are carried afterwards does not matter here. */
const kinds = carriages().filter(({ name }) => name === 'kernel carrier' || name === 'stream carrier')

describe.each(kinds.map((carriage) => ({ ...carriage, carriage })))(
  'a socket for the $name',
  ({ carriage }) => {
    describe.each<Family>(['IPv4', 'IPv6', 'unix'])('over %s', (family) => describeSocket(carriage, family))
  },
)

function describeSocket(carriage: Carriage, family: Family): void {
  let rig: Rig
  let peer: Peer
  let near: Socket
  let runs: number

  beforeEach(async () => {
    rig = new Rig(carriage, family)
    ;[peer, near] = await rig.accept()
    runs = 0
    near.owner = { isQueued: false, run: () => runs++ }
  })
  afterEach(async () => {
    near.close()
    peer.socket.destroy()
    await peer.closed
    if (near instanceof StreamSocket) await until(() => (near as StreamSocket).stream.closed)
    expect(await rig.finish()).toEqual([])
  })

  /** Waits until the socket shows this many bytes. */
  const shows = (bytes: number): Promise<void> =>
    until(() => {
      if (near.peek(bytes).length >= bytes) return true
      near.awaitMore()
      return false
    })

  /** Takes all bytes until the peer has ended. */
  const takeAll = async (): Promise<Buffer> => {
    const taken: Buffer[] = []
    await until(() => {
      for (let bytes = near.read(MOST); bytes.length > 0; bytes = near.read(MOST))
        taken.push(Buffer.from(bytes))
      near.awaitMore()
      return (near.ready & PEER_ENDED) !== 0 && near.peek(1).length === 0
    })
    return Buffer.concat(taken)
  }

  it('a socket shows no bytes before any have come', () => {
    near.awaitMore()
    expect(near.peek(MOST)).toHaveLength(0)
    expect(near.read(MOST)).toHaveLength(0)
  })

  it('a socket shows the same bytes at every look, and no more than asked for', async () => {
    peer.send(pattern(1, 100))
    await shows(100)
    for (const most of [1, 50, 100, MOST, 100]) {
      expect(near.peek(most).equals(pattern(1, Math.min(most, 100)))).toBe(true)
    }
  })

  it('a socket runs its owner for each new piece, also after a look at the earlier ones', async () => {
    for (let i = 1; i <= 3; i++) {
      near.awaitMore()
      const before = runs
      peer.send(pattern(1, 10, 10 * (i - 1)))
      await until(() => runs > before)
      await shows(10 * i)
    }
    expect(near.peek(MOST).equals(pattern(1, 30))).toBe(true)
  })

  it('a read takes the first bytes, and the socket then shows the others', async () => {
    peer.send(pattern(1, 100))
    await shows(100)
    expect(Buffer.from(near.read(30)).equals(pattern(1, 30))).toBe(true)
    expect(near.peek(MOST).equals(pattern(1, 70, 30))).toBe(true)
    peer.send(pattern(1, 5, 100))
    await shows(75)
    expect(near.read(MOST).equals(pattern(1, 75, 30))).toBe(true)
    expect(near.peek(MOST)).toHaveLength(0)
  })

  it('a socket that is only looked at shows 16 KiB and loses none of the bytes behind them', async () => {
    const all = pattern(1, MIB)
    peer.send(all)
    peer.end()
    await shows(16 * KIB)
    for (let i = 0; i < 50; i++) {
      near.awaitMore()
      await turns(1)
    }
    expect(near.peek(16 * KIB).equals(all.subarray(0, 16 * KIB))).toBe(true)
    if (near.kind === 'stream') expect(near.peek(MIB).length).toBeLessThan(16 * KIB + MOST_READ)
    expect((await takeAll()).equals(all)).toBe(true)
  })

  it("a socket shows the bytes before the peer's end, and after them nothing", async () => {
    peer.send(pattern(1, 100))
    peer.end()
    await shows(100)
    near.awaitMore()
    await until(() => (near.ready & PEER_ENDED) !== 0)
    expect(near.ready & BROKEN).toBe(0)
    expect(near.read(MOST).equals(pattern(1, 100))).toBe(true)
    expect(near.peek(MOST)).toHaveLength(0)
    expect(near.read(MOST)).toHaveLength(0)
    expect(near.error).toBeUndefined()
  })

  it('a socket sends the bytes as they were at the call to send', async () => {
    const bytes = pattern(2, 1000)
    expect(near.send(bytes)).toBe(1000)
    bytes.fill(0)
    await peer.receive(1000)
    expect(peer.received.equals(pattern(2, 1000))).toBe(true)
  })

  it('a socket takes no more bytes than a slow peer has room for, and tells when there is room again', async () => {
    peer.pause()
    const all = pattern(2, 8 * MIB)
    let at = 0
    const fill = (): void => {
      for (let sent = -1; sent !== 0 && at < all.length; at += sent)
        sent = near.send(all.subarray(at, at + MIB))
    }
    await until(() => {
      fill()
      return (near.ready & WRITABLE) === 0
    })
    expect(at).toBeLessThan(all.length)
    expect(near.send(all.subarray(at))).toBe(0)
    peer.resume()
    await until(() => {
      if ((near.ready & WRITABLE) !== 0) fill()
      return at === all.length
    })
    near.shutdown()
    expect(await peer.ended).toBe('fin')
    expect(peer.received.equals(all)).toBe(true)
  })

  // A stream that reads into memory of ours can be handed to TLS only. test/tls tests that.
  if (carriage.name === 'kernel carrier') {
    it('a socket that is given to Node keeps all bytes that were not taken, and the end', async () => {
      peer.send(pattern(1, PLENTY))
      peer.end()
      await shows(1000)
      near.read(10)
      const stream = near.release()!
      expect(near.isClosed).toBe(true)
      expect(near.owner).toBeUndefined()
      expect((await bytesOf(stream)).equals(pattern(1, PLENTY - 10, 10))).toBe(true)
      stream.end(pattern(2, 100))
      await peer.receive(100)
      expect(await peer.ended).toBe('fin')
      expect(runs).toBeLessThan(100)
      stream.destroy()
    })

    it('a socket that is given to Node before its first byte delivers all bytes to Node', async () => {
      const stream = near.release()!
      const before = runs
      peer.send(pattern(1, 10))
      peer.end()
      expect((await bytesOf(stream)).equals(pattern(1, 10))).toBe(true)
      expect(runs).toBe(before)
      stream.destroy()
    })
  }

  it('a socket that becomes a stream loses none of its bytes', async () => {
    peer.send(pattern(1, 100))
    await shows(100)
    const housed = asStream(near, rig.engine.runQueue)
    near = housed
    await shows(100)
    peer.send(pattern(1, PLENTY, 100))
    peer.end()
    expect((await takeAll()).equals(pattern(1, PLENTY + 100))).toBe(true)
  })

  it('a closed socket shows, reads and sends nothing', () => {
    near.close()
    expect(near.release()).toBeUndefined()
    expect(near.peek(MOST)).toHaveLength(0)
    expect(near.read(MOST)).toHaveLength(0)
    expect(near.send(pattern(1, 10))).toBe(0)
    near.awaitMore()
  })

  if (family === 'unix') return

  it('an accepted socket knows the address that its peer connected to', () => {
    expect(near.localAddress()).toEqual({
      kind: 'tcp',
      host: family === 'IPv6' ? '::1' : '127.0.0.1',
      port: peer.socket.remotePort,
    })
  })

  it('a socket whose peer resets has the error ECONNRESET, and no call to it throws', async () => {
    near.awaitMore()
    peer.reset()
    await until(() => (near.ready & BROKEN) !== 0)
    expect(near.error).toBe('ECONNRESET')
    near.peek(MOST)
    near.read(MOST)
    near.send(pattern(1, 10))
    near.awaitMore()
  })
}

it("a stream that is not a socket of Node's cannot be given to Node", () => {
  const stream = new Duplex({ read: () => {}, write: (_chunk, _encoding, done) => done() })
  const socket = new StreamSocket(stream, new RunQueue(), 'not-a-plain-socket')
  expect(socket.release()).toBeUndefined()
  expect(socket.isClosed).toBe(false)
  expect(socket.localAddress()).toBeUndefined()
  socket.reset()
})

/** All bytes of the stream, once it has ended. */
async function bytesOf(stream: NetSocket): Promise<Buffer> {
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  stream.resume()
  await once(stream, 'end')
  return Buffer.concat(chunks)
}
