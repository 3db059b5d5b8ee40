/** The memory that a stream socket reads into, and accepted sockets that are made to use it. */
import { once } from 'node:events'
import { createServer, type Socket as NetSocket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { MOST_READ_BYTES, ReadMemory, rehouse } from '../../../src/io/streams/read-memory.js'
import { pattern } from '../../support/bytes.js'
import { connectTo } from '../../support/peer.js'
import { until } from '../../support/wait.js'

const KIB = 1024

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

/** The memory that Node would read into next. */
function next(memory: ReadMemory): Uint8Array {
  const { buffer } = memory.onread
  return typeof buffer === 'function' ? buffer() : buffer
}

const read = (memory: ReadMemory, bytes: number): boolean => memory.onread.callback(bytes, next(memory))

test('read memory grows while reads fill it, up to its limit', () => {
  const memory = new ReadMemory()
  const sizes = [1, 2, 3, 4].map(() => {
    const size = next(memory).length
    read(memory, size)
    return size
  })
  expect(sizes).toEqual([KIB, 64 * KIB, MOST_READ_BYTES, MOST_READ_BYTES])
})

test('read memory keeps its size while reads are neither full nor small', () => {
  const memory = new ReadMemory()
  read(memory, KIB)
  for (let i = 0; i < 100; i++) read(memory, 16 * KIB)
  expect(next(memory).length).toBe(64 * KIB)
})

test('read memory becomes small again after 16 small reads, not after 15', () => {
  const memory = new ReadMemory()
  read(memory, KIB)
  for (let i = 0; i < 15; i++) read(memory, 64)
  expect(next(memory).length).toBe(64 * KIB)
  read(memory, 64)
  expect(next(memory).length).toBe(KIB)
})

test('read memory that grows does not overwrite the bytes it has lent', () => {
  const memory = new ReadMemory()
  const lent: Buffer[] = []
  memory.onBytes = (bytes) => lent.push(bytes) > 0
  next(memory).set(pattern(1, KIB))
  read(memory, KIB)
  next(memory).fill(0)
  expect(lent[0]?.equals(pattern(1, KIB))).toBe(true)
})

test('an accepted connection goes on as a socket that reads into read memory', async () => {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }).listen(0, '127.0.0.1')
  closing.push(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const accepted = once(server, 'connection')
  const peer = await connectTo({ kind: 'tcp', host: '127.0.0.1', port })
  closing.push(() => peer.socket.destroy())
  const [socket] = (await accepted) as [NetSocket]

  const memory = new ReadMemory()
  const chunks: Buffer[] = []
  memory.onBytes = (bytes) => chunks.push(Buffer.from(bytes)) > 0
  const housed = rehouse(socket, memory)!
  closing.push(() => housed.destroy())
  expect(housed.remotePort).toBe(peer.socket.localPort)
  expect(socket.destroyed).toBe(true)

  const ended = once(housed, 'end')
  housed.resume()
  peer.send(pattern(2, 100 * KIB))
  peer.end()
  await ended
  expect(Buffer.concat(chunks).equals(pattern(2, 100 * KIB))).toBe(true)
  housed.end(pattern(3, 5))
  await peer.receive(5)
  expect(await peer.ended).toBe('fin')
})

test("a socket without Node's internal handle is left as it is", () => {
  expect(rehouse({} as NetSocket, new ReadMemory())).toBeUndefined()
})

test('a server no longer counts a connection that was moved to read memory', async () => {
  const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1')
  closing.push(() => server.close())
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.on('connection', (socket) => {
    const housed = rehouse(socket, new ReadMemory())!
    closing.push(() => housed.destroy())
  })
  const peer = await connectTo({ kind: 'tcp', host: '127.0.0.1', port })
  closing.push(() => peer.socket.destroy())
  await until(() => closing.length === 3)
  const open = await new Promise((resolve) => server.getConnections((_, count) => resolve(count)))
  expect(open).toBe(0)
})
