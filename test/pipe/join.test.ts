/** `pipe(a, b)` takes over two sockets that Node has opened, whatever they are and whatever they are doing. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { type Duplex, duplexPair } from 'node:stream'
import { createServer as createTlsServer, connect as tlsConnect } from 'node:tls'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { kernelLoop, sharedEngine } from '../../src/io/choose-engine.js'
import { KernelLoop } from '../../src/io/kernel/kernel-loop.js'
import { pipe } from '../../src/pipe/join.js'
import type { PipeOptions } from '../../src/pipe/options.js'
import { Pipe } from '../../src/pipe/pipe.js'
import { difference, pattern } from '../support/bytes.js'
import { openedSince, openFds } from '../support/fds.js'
import { Peer } from '../support/peer.js'
import { settled, turns, until } from '../support/wait.js'

const MIB = 1024 * 1024
const loop = kernelLoop()
const canSplice = loop instanceof KernelLoop
if (!canSplice) console.log(`not tested with adopted sockets: ${loop}`)

const peers: Peer[] = []
let fdsBefore: string[]
beforeEach(() => {
  fdsBefore = openFds()
})
afterEach(async () => {
  for (const peer of peers.splice(0)) {
    peer.socket.destroy()
    await peer.closed
  }
  if (canSplice) {
    await until(() => loop.native.count().descriptors === 0)
    loop.native.trimPipes(0)
  }
  expect(openedSince(fdsBefore)).toEqual([])
})

/** A peer, and Node's socket at the other end. The test gives that socket to the pipe. */
async function connected(options: { allowHalfOpen?: boolean } = {}): Promise<[Peer, Socket]> {
  const server = createServer(options).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const far = connect({
    port: (server.address() as AddressInfo).port,
    host: '127.0.0.1',
    allowHalfOpen: true,
  })
  const [near] = (await once(server, 'connection')) as [Socket]
  server.close()
  const peer = new Peer(far)
  peers.push(peer)
  return [peer, near]
}

async function refusedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Sends both ways, ends both ways, and compares. */
async function exchange(client: Peer, backend: Peer, bytes = 2 * MIB): Promise<void> {
  client.send(pattern(1, bytes))
  backend.send(pattern(2, bytes))
  client.end()
  backend.end()
  await Promise.all([client.closed, backend.closed])
  expect(backend.missingFrom(client)).toBeUndefined()
  expect(client.missingFrom(backend)).toBeUndefined()
}

describe('pipe()', () => {
  test('pipe() splices plain sockets, and its record tells the spliced bytes', async () => {
    const [client, a] = await connected()
    const [backend, b] = await connected()
    const piped = pipe(a, b, { splice: 'on' })
    await exchange(client, backend)
    const record = await piped
    expect(record).toMatchObject({ bytesUp: 2 * MIB, bytesDown: 2 * MIB, ended: { cause: 'finished' } })
    if (canSplice) expect(record).toMatchObject({ splicedUp: 2 * MIB, splicedDown: 2 * MIB })
    else expect(record.notSplicing).toBe(loop)
  })

  test('pipe() keeps a half-closed connection open although its sockets have allowHalfOpen off', async () => {
    const [client, a] = await connected({ allowHalfOpen: false })
    const [backend, b] = await connected({ allowHalfOpen: false })
    const piped = pipe(a, b)
    client.end()
    expect(await backend.ended).toBe('fin')
    backend.send(pattern(3, 100_000))
    await client.receive(100_000)
    backend.end()
    expect((await piped).ended).toEqual({ by: 'client', cause: 'finished' })
  })

  test('pipe() sends the heads first, then the bytes that Node has read, then the rest', async () => {
    const [client, a] = await connected()
    const [backend, b] = await connected()
    client.send(pattern(4, 500))
    backend.send(pattern(5, 70_000))
    a.read(0)
    b.read(0)
    await until(() => a.readableLength > 0 && b.readableLength > 0)
    const heads = { head: pattern(6, 30), backendHead: pattern(7, 40) }
    const piped = pipe(a, b, heads)
    client.send(pattern(4, 200_000, 500))
    client.end()
    backend.end()
    await piped
    await Promise.all([client.closed, backend.closed])
    expect(difference(backend.received, Buffer.concat([heads.head, client.sent]))).toBeUndefined()
    expect(difference(client.received, Buffer.concat([heads.backendHead, backend.sent]))).toBeUndefined()
  })

  test('pipe() sends its bytes after those that were written to the socket before', async () => {
    const [client, a] = await connected()
    const [backend, b] = await connected()
    backend.pause()
    const queued = pattern(8, 24 * MIB)
    b.write(queued)
    await settled(() => b.writableLength)
    expect(b.writableLength).toBeGreaterThan(0)
    const piped = pipe(a, b)
    client.send(pattern(9, 100))
    backend.resume()
    client.end()
    backend.end()
    await piped
    await backend.closed
    expect(difference(backend.received, Buffer.concat([queued, client.sent]))).toBeUndefined()
  })

  test('pipe() waits for a backend that is still connecting', async () => {
    const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const [client, a] = await connected()
    const b = connect((server.address() as AddressInfo).port, '127.0.0.1')
    const piped = pipe(a, b)
    const [accepted] = (await once(server, 'connection')) as [Socket]
    server.close()
    const backend = new Peer(accepted)
    peers.push(backend)
    await exchange(client, backend)
    expect((await piped).ended.cause).toBe('finished')
  })

  test('pipe() resets the client of a backend that refuses, and its record names the backend', async () => {
    const [client, a] = await connected()
    const b = connect(await refusedPort(), '127.0.0.1')
    const record = await pipe(a, b)
    expect(record).toMatchObject({
      ended: { by: 'backend', cause: 'reset', errno: 'ECONNREFUSED' },
      bytesUp: 0,
    })
    expect(await client.ended).toBe('ECONNRESET')
  })

  test('pipe() with a client socket that is already destroyed resets the backend', async () => {
    const [client, a] = await connected()
    const [backend, b] = await connected()
    a.destroy()
    expect((await pipe(a, b)).ended).toMatchObject({ by: 'client', cause: 'reset' })
    expect(await client.ended).toBe('fin')
    expect(await backend.ended).toBe('ECONNRESET')
  })

  test('pipe() carries bytes between a plain Duplex and a TLS socket', async () => {
    const [far, near] = duplexPair()
    const [tlsFar, tlsNear] = await tlsPair()
    const piped = pipe(near, tlsNear)
    const received = Promise.all([drain(far), drain(tlsFar)])
    far.end(pattern(10, 300_000))
    tlsFar.end(pattern(11, 300_000))
    const [down, up] = await received
    expect(difference(up, pattern(10, 300_000))).toBeUndefined()
    expect(difference(down, pattern(11, 300_000))).toBeUndefined()
    const record = await piped
    expect(record).toMatchObject({ ended: { cause: 'finished' }, bytesUp: 300_000, splicedUp: 0 })
    expect(record.notSplicing).toBe(canSplice ? 'not-a-plain-socket' : loop)
  })

  test('pipe() carries bytes between a plain socket and a TLS socket', async () => {
    const [client, a] = await connected()
    const [tlsFar, tlsNear] = await tlsPair()
    const piped = pipe(a, tlsNear)
    client.send(pattern(17, 1000))
    client.end()
    tlsFar.end(pattern(18, 1000))
    expect(difference(await drain(tlsFar), client.sent)).toBeUndefined()
    await piped
    await client.closed
    expect(difference(client.received, pattern(18, 1000))).toBeUndefined()
  })

  test('pipe() tells its byte counts while it runs, and close() ends both sides with FIN', async () => {
    const [client, a] = await connected()
    const [backend, b] = await connected()
    const piped = pipe(a, b)
    client.send(pattern(12, 5000))
    await backend.receive(5000)
    expect(piped.totals()).toMatchObject({ bytesUp: 5000, bytesDown: 0 })
    piped.close()
    piped.close()
    expect(await piped).toMatchObject({ ended: { by: 'proxy', cause: 'ordered' }, bytesUp: 5000 })
    expect([await client.ended, await backend.ended]).toEqual(['fin', 'fin'])
  })

  test('pipe() that is closed before it began ends both sides with FIN', async () => {
    const [client, a] = await connected()
    const [backend, b] = await connected()
    const began = vi.spyOn(Pipe.prototype, 'start')
    const piped = pipe(a, b)
    piped.close()
    expect(await piped).toMatchObject({ ended: { by: 'proxy', cause: 'ordered' }, bytesUp: 0 })
    expect([await client.ended, await backend.ended]).toEqual(['fin', 'fin'])
    if (canSplice) expect(began).not.toHaveBeenCalled()
    began.mockRestore()
  })

  test('pipe() that is closed before it has sent its head resets both sides', async () => {
    const [client, a] = await connected()
    const [backend, b] = await connected()
    const piped = pipe(a, b, { head: Buffer.from('GET /') })
    piped.close()
    expect(await piped).toMatchObject({ ended: { by: 'proxy', cause: 'ordered' }, bytesUp: 0 })
    expect([await client.ended, await backend.ended]).toEqual(['ECONNRESET', 'ECONNRESET'])
  })

  test('pipe() takes an option that is undefined as its default', async () => {
    const reasons = []
    for (const options of [{}, { splice: undefined, idleTimeoutMs: undefined }]) {
      const [client, a] = await connected()
      const [backend, b] = await connected()
      const piped = pipe(a, b, options as PipeOptions)
      client.send(pattern(16, 10))
      await backend.receive(10)
      piped.close()
      reasons.push((await piped).notSplicing)
    }
    expect(reasons[1]).toBe(reasons[0])
    expect(reasons[0]).toBeDefined()
  })

  test('pipe() lets no "readable" listener of the user take bytes while queued writes leave', async () => {
    const [client, a] = await connected()
    const [backend, b] = await connected()
    a.on('readable', () => a.read())
    backend.pause()
    const queued = pattern(8, 24 * MIB)
    b.write(queued)
    const piped = pipe(a, b)
    client.send(pattern(9, 100))
    await turns(50)
    backend.resume()
    client.end()
    backend.end()
    await piped
    await backend.closed
    expect(difference(backend.received, Buffer.concat([queued, client.sent]))).toBeUndefined()
  })

  test('pipe() that has ended leaves the sweep', async () => {
    const { sweep } = sharedEngine()
    const [added, deleted] = [vi.spyOn(sweep, 'add'), vi.spyOn(sweep, 'delete')]
    const [, a] = await connected()
    const [, b] = await connected()
    const piped = pipe(a, b)
    piped.close()
    await piped
    const [watched] = added.mock.calls[0]!
    expect(deleted.mock.calls.some(([each]) => each === watched)).toBe(true)
    added.mockRestore()
    deleted.mockRestore()
  })

  test('pipe() without traffic ends after idleTimeoutMs', async () => {
    const [, a] = await connected()
    const [, b] = await connected()
    expect((await pipe(a, b, { idleTimeoutMs: 40 })).ended.cause).toBe('idle-timeout')
  })

  test('pipe() that waits for queued writes which never leave ends by its idle timeout, and resets both sides', async () => {
    const [client, a] = await connected()
    const [backend, b] = await connected()
    backend.pause()
    b.write(pattern(13, 24 * MIB))
    expect((await pipe(a, b, { idleTimeoutMs: 100 })).ended.cause).toBe('idle-timeout')
    expect(await client.ended).toBe('ECONNRESET')
    backend.resume()
    expect(await backend.reallyEnded()).toBe('ECONNRESET')
  })

  test('pipe() with idleTimeoutMs 0 waits for queued writes without a deadline', async () => {
    const added = vi.spyOn(sharedEngine().sweep, 'add')
    const [client, a] = await connected()
    const [backend, b] = await connected()
    const piped = pipe(a, b, { idleTimeoutMs: 0 })
    const [watched] = added.mock.calls[0]!
    added.mockRestore()
    watched.expire(performance.now() + 1e9, 1e9)
    client.end()
    backend.end()
    expect((await piped).ended).toMatchObject({ cause: 'finished' })
  })

  test('pipe() that is closed does not wait for a backend that is still connecting', async () => {
    const [client, a] = await connected()
    client.send(pattern(15, 10))
    a.read(0)
    await until(() => a.readableLength > 0)
    const b = connect({ port: 9, host: '192.0.2.1' })
    const piped = pipe(a, b)
    piped.close()
    expect((await piped).ended).toMatchObject({ by: 'proxy', cause: 'ordered' })
    expect(await client.ended).toBe('ECONNRESET')
    expect(b.destroyed).toBe(true)
  })

  test("pipe() removes the user's listeners, and no socket error escapes", async () => {
    const [client, a] = await connected()
    const [backend, b] = await connected()
    a.on('data', () => expect.unreachable('the bytes belong to the pipe'))
    const piped = pipe(a, b)
    client.send(pattern(14, 100))
    await backend.receive(100)
    backend.reset()
    expect((await piped).ended).toMatchObject({ by: 'backend', cause: 'reset', errno: 'ECONNRESET' })
    expect(await client.ended).toBe('ECONNRESET')
  })
})

/** Both ends of a TLS connection. It uses a pre-shared key, because certificates expire. */
async function tlsPair(): Promise<[Duplex, Duplex]> {
  const psk = { psk: Buffer.alloc(16, 7), identity: 'test' }
  const common = { ciphers: 'PSK', maxVersion: 'TLSv1.2' } as const
  const server = createTlsServer({ ...common, pskCallback: () => psk.psk, allowHalfOpen: true }).listen(
    0,
    '127.0.0.1',
  )
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const checkServerIdentity = (): undefined => undefined
  const far = tlsConnect({
    ...common,
    port,
    host: '127.0.0.1',
    pskCallback: () => psk,
    checkServerIdentity,
  })
  const [near] = (await once(server, 'secureConnection')) as [Duplex]
  server.close()
  return [far, near]
}

async function drain(stream: Duplex): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
