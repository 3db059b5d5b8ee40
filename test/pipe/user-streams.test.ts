/** Streams with code of a user: whatever that code does, the pipe ends, its promise resolves, and nothing escapes. */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { Duplex, type DuplexOptions, duplexPair, PassThrough } from 'node:stream'
import { afterEach, expect, test, vi } from 'vitest'
import { type PipeOptions, type PipeRecord, pipe } from '../../src/index.js'
import { kernelLoop } from '../../src/io/choose-engine.js'
import { GOODBYE_MS } from '../../src/io/delivery.js'
import { KernelLoop } from '../../src/io/kernel/kernel-loop.js'
import { closeInOrder } from '../../src/io/streams/stream-ends.js'
import { until } from '../support/wait.js'

const boom = (): never => {
  throw new Error('boom')
}
const quiet = { read: () => {}, write: (_: unknown, __: unknown, done: () => void) => done() }

afterEach(() => {
  vi.useRealTimers()
})

/** Joins a stream that works with one of these methods. */
async function joined(
  options: DuplexOptions,
  act: (far: Duplex, stream: Duplex) => void,
  settings?: PipeOptions,
): Promise<[PipeRecord, Duplex]> {
  const [far, near] = duplexPair()
  far.on('error', () => {}).resume()
  const stream = new Duplex({ ...quiet, ...options })
  const running = pipe(near, stream, settings)
  act(far, stream)
  return [await running, stream]
}

const sends = (far: Duplex): unknown => far.write('x')
const ends = (far: Duplex): unknown => far.end()

test.each<[string, DuplexOptions, (far: Duplex, stream: Duplex) => void]>([
  ['_write', { write: boom }, sends],
  ['_writev', { writev: boom, write: undefined as never }, sends],
  ['_read', { read: boom }, sends],
  ['_final', { final: boom }, ends],
  ['_construct', { construct: boom }, sends],
])('a stream whose %s throws is destroyed, and the record has its error', async (_, options, act) => {
  const [{ ended }, stream] = await joined(options, act)
  expect(ended).toMatchObject({ by: 'backend', cause: 'reset', errno: 'EPROTO', error: { message: 'boom' } })
  expect(stream.destroyed).toBe(true)
})

test('a stream whose _destroy throws ends the pipe', async () => {
  const [{ ended }] = await joined({ destroy: boom }, (_, stream) => void stream.destroy())
  expect(ended).toMatchObject({ by: 'backend', cause: 'reset' })
})

test.each(['write', 'end', 'resume', 'pause', 'destroy'])(
  'a stream whose method %s throws ends the pipe',
  async (method) => {
    const [far, near] = duplexPair()
    far.on('error', () => {}).resume()
    const stream = Object.assign(new Duplex(quiet), { [method]: boom })
    const running = pipe(near, stream)
    far.end('x')
    if (method === 'destroy') running.close()
    const { ended } = await running
    expect(ended.by).toBe(method === 'destroy' ? 'proxy' : 'backend')
    await until(() => near.destroyed)
  },
)

test.each<[string, unknown, string]>([
  ['undefined', undefined, 'EPROTO'],
  ['a text', 'broken', 'EPROTO'],
  ['an error with a code that is no text', Object.assign(new Error(), { code: 20 }), 'EPROTO'],
  ['an error whose code throws', Object.defineProperty(new Error(), 'code', { get: boom }), 'EPROTO'],
  [
    'several errors in one',
    new AggregateError([Object.assign(new Error(), { code: 'EHOSTUNREACH' })]),
    'EHOSTUNREACH',
  ],
])('a stream that emits %s as its error breaks the pipe', async (_, error, errno) => {
  const [{ ended }] = await joined({}, (_far, stream) => void stream.emit('error', error))
  expect(ended).toMatchObject({ by: 'backend', cause: 'reset', errno })
})

test('a stream that begins to give texts breaks the pipe, because bytes would be lost', async () => {
  const late = (far: Duplex, stream: Duplex): void => {
    stream.setEncoding('utf8')
    stream.push(Buffer.from('ab'))
    far.on('data', boom)
  }
  const [{ ended, bytesDown }, stream] = await joined({}, late)
  expect(ended).toMatchObject({
    by: 'backend',
    cause: 'reset',
    error: { message: expect.stringContaining('no bytes') },
  })
  expect([bytesDown, stream.destroyed]).toEqual([0, true])
})

test('a stream that never takes its bytes is destroyed at the idle deadline', async () => {
  const [{ ended }, stream] = await joined({ write: () => {} }, sends, { idleTimeoutMs: 20 })
  expect(ended).toEqual({ by: 'proxy', cause: 'idle-timeout', waitedFor: 'backend' })
  expect(stream.destroyed).toBe(true)
})

test('a socket whose own methods throw ends the pipe, and millrace keeps no descriptor', async () => {
  for (const method of ['destroy', 'write'] as const) {
    const [[far, near], [otherFar, other]] = [await connected(), await connected()]
    Object.assign(near, { [method]: boom })
    other.write('queued')
    const running = pipe(near, other)
    far.on('error', () => {}).destroy()
    otherFar.on('error', () => {}).destroy()
    expect((await running).ended.cause).toMatch(/reset|finished/)
    Reflect.deleteProperty(near, method)
    near.destroy()
  }
  const loop = kernelLoop()
  if (loop instanceof KernelLoop) await until(() => loop.native.count().descriptors === 0)
})

test('a stream that never confirms its end is destroyed at the half-closed deadline', async () => {
  const [{ ended }, stream] = await joined({ final: () => {} }, ends, { halfClosedTimeoutMs: 20 })
  expect(ended).toEqual({ by: 'proxy', cause: 'half-closed-timeout', waitedFor: 'backend' })
  expect(stream.destroyed).toBe(true)
})

test('a stream that its user has ended breaks the pipe when bytes come for it', async () => {
  const [{ ended }] = await joined({}, (far, stream) => {
    stream.end()
    far.write('x')
  })
  expect(ended).toMatchObject({ by: 'backend', cause: 'reset', errno: 'EPIPE' })
})

test('a stream that is destroyed after its end, and has taken ours, ends the pipe in order', async () => {
  const final = function (this: Duplex): void {
    this.destroy()
  }
  const [{ ended }] = await joined({ final }, (far, stream) => {
    stream.push(null)
    stream.once('end', () => far.end())
  })
  expect(ended).toMatchObject({ cause: 'finished' })
})

test('a stream that is destroyed after its end, while it should still take bytes, breaks the pipe', async () => {
  const [{ ended }] = await joined({}, (_, stream) => {
    stream.push(null)
    stream.once('end', () => stream.destroy())
  })
  expect(ended).toMatchObject({ by: 'backend', cause: 'reset', errno: 'ECONNABORTED' })
})

test('a stream that never confirms its end is destroyed by close()', async () => {
  const [far, near] = duplexPair()
  const stream = new Duplex({ ...quiet, final: () => void stream.emit('told') })
  const running = pipe(near, stream)
  far.end()
  await once(stream, 'told')
  running.close()
  expect((await running).ended.cause).toBe('ordered')
  expect(stream.destroyed).toBe(true)
})

test('a stream that does not confirm the end that close() gives it is destroyed after 30 s', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const stream = new Duplex({ ...quiet, final: () => {} })
  const running = pipe(duplexPair()[0], stream)
  running.close()
  await running
  vi.advanceTimersByTime(GOODBYE_MS - 1)
  expect(stream.destroyed).toBe(false)
  vi.advanceTimersByTime(1)
  expect(stream.destroyed).toBe(true)
})

test('a stream that goes on taking its queued bytes is not destroyed before it has them', () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  let taken = (): void => {}
  const write: DuplexOptions['write'] = (_chunk, _encoding, done) => {
    taken = done
  }
  const slow = new Duplex({ read: () => {}, write })
  for (const each of ['a', 'b', 'c']) slow.write(each)
  closeInOrder(slow)
  for (const isDestroyed of [false, false, true]) {
    taken()
    vi.advanceTimersByTime(GOODBYE_MS)
    expect(slow.destroyed).toBe(isDestroyed)
  }
})

test('pipe ends what the user has set up: node:stream pipes, corks, flowing mode and timeouts', async () => {
  const other = new PassThrough()
  const [far, near] = duplexPair()
  const [backendFar, backendNear] = duplexPair()
  near.pipe(other)
  near.on('data', () => {})
  backendNear.cork()
  backendNear.write('queued ')
  const joinedPair = pipe(near, backendNear)
  far.end('bytes')
  backendFar.end()
  const chunks = await backendFar.toArray()
  expect(Buffer.concat(chunks).toString()).toBe('queued bytes')
  far.resume()
  expect((await joinedPair).ended.cause).toBe('finished')
  expect(other.writableEnded).toBe(false)
})

/** Two connected sockets of node:net. */
async function connected(): Promise<[Socket, Socket]> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const far = connect({ port: (server.address() as { port: number }).port, host: '127.0.0.1' })
  const [near] = (await once(server, 'connection')) as [Socket]
  server.close()
  return [far, near]
}

test('pipe turns the timeout of a socket off and Nagle, also if the socket stays a stream', async () => {
  const [far, near] = await connected()
  near.setTimeout(50, () => near.destroy())
  const nagle = vi.spyOn(near, 'setNoDelay')
  const joinedPair = pipe(near, duplexPair()[0])
  expect(near.timeout).toBe(0)
  expect(nagle).toHaveBeenCalledWith(true)
  joinedPair.close()
  expect((await joinedPair).ended.cause).toBe('ordered')
  far.destroy()
})

test('a timeout of a socket that still connects holds until it is connected', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as { port: number }).port, '127.0.0.1')
  socket.setTimeout(60_000)
  const joinedPair = pipe(duplexPair()[0], socket)
  expect(socket.timeout).toBe(60_000)
  await once(socket, 'connect')
  expect(socket.timeout).toBe(0)
  joinedPair.close()
  await joinedPair
  server.close()
})
