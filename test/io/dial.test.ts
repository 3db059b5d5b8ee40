/** A dial reports its outcome once, after the call to `dial` has returned. A failure names the errno. */
import { once } from 'node:events'
import { createServer, type Socket as NetSocket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Address } from '../../src/address.js'
import type { DialOutcome } from '../../src/io/engine.js'
import { engines } from '../support/engines.js'
import { openedSince, openFds } from '../support/fds.js'
import { PeerServer } from '../support/peer.js'
import { Program } from '../support/programs.js'
import { turns, until } from '../support/wait.js'

/** A program that listens with a queue of one connection, prints its port and then never accepts. */
const DEAF_LISTENER = `
  const server = require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    require('fs').writeSync(1, server.address().port + '\\n')
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  })`

const tcp = (port: number): Address => ({ kind: 'tcp', host: '127.0.0.1', port })

describe.each(engines().map((engine) => ({ kind: engine.kind, engine })))('a $kind dial', ({ engine }) => {
  let fdsBefore: string[]
  beforeEach(() => {
    fdsBefore = openFds()
  })
  afterEach(() => until(() => openedSince(fdsBefore).length === 0))

  const dial = (address: Address, connectMs = 0): Promise<DialOutcome> =>
    new Promise((done) => engine.dial(address, connectMs, done))

  test('a dial connects, and reports it only after the call to dial has returned', async () => {
    const server = await PeerServer.listen(tcp(0))
    let hasReturned = false
    const outcome = new Promise<DialOutcome>((done) => {
      engine.dial(server.address, 5000, (how) => {
        expect(hasReturned).toBe(true)
        done(how)
      })
    })
    hasReturned = true
    const { socket, errno } = await outcome
    expect(errno).toBe('')
    const peer = await server.accepted()
    server.close()
    socket?.reset()
    expect(await peer.ended).toBe('ECONNRESET')
  })

  test.each<[string, () => Promise<Address>]>([
    ['ECONNREFUSED', refused],
    ['ENOENT', async () => ({ kind: 'unix', path: join(tmpdir(), 'millrace-no-such-socket') })],
  ])('a dial that fails reports %s', async (errno, address) => {
    const to = await address()
    let hasReturned = false
    const outcome = new Promise<DialOutcome>((done) => {
      engine.dial(to, 5000, (how) => {
        expect(hasReturned).toBe(true)
        done(how)
      })
    })
    hasReturned = true
    expect(await outcome).toEqual({ socket: undefined, errno })
  })

  test('a dial that gets no answer fails with ETIMEDOUT after connectMs', async () => {
    const deaf = new Program(process.execPath, ['-e', DEAF_LISTENER])
    const port = await deaf.seen(() => /^\d+/.exec(deaf.stdout)).then(([digits]) => Number(digits))
    const queued = await Promise.all([dial(tcp(port)), dial(tcp(port))])
    expect(await dial(tcp(port), 50)).toEqual({ socket: undefined, errno: 'ETIMEDOUT' })
    for (const { socket } of queued) socket?.reset()
    await deaf.kill()
  })

  test('a cancelled dial reports no outcome and leaves no fd open', async () => {
    const accepted: NetSocket[] = []
    const server = createServer((socket) => accepted.push(socket.on('error', () => {})))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    const toNobody = await refused()
    for (let i = 0; i < 20; i++) {
      let isCancelled = false
      const done = ({ socket }: DialOutcome): void => {
        expect(isCancelled).toBe(false)
        socket?.close()
      }
      const dials = [tcp(port), toNobody].map((to) => engine.dial(to, 1000, done))
      await turns(i % 4)
      isCancelled = true
      for (const each of [...dials, ...dials]) each.cancel()
    }
    await turns(10)
    for (const socket of accepted) socket.destroy()
    server.close()
    await once(server, 'close')
  })

  test('a dial that is cancelled after its outcome leaves the connection open', async () => {
    const server = await PeerServer.listen(tcp(0))
    const { socket, dialled } = await new Promise<{
      socket: DialOutcome['socket']
      dialled: { cancel(): void }
    }>((done) => {
      const each = engine.dial(server.address, 0, ({ socket }) => done({ socket, dialled: each }))
    })
    const peer = await server.accepted()
    server.close()
    dialled.cancel()
    peer.send(Buffer.from('still here'))
    await turns(10)
    expect(socket?.isClosed).toBe(false)
    socket?.reset()
    expect(await peer.ended).toBe('ECONNRESET')
  })
})

async function refused(): Promise<Address> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return tcp(port)
}
