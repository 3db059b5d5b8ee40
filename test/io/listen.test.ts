/** Listening: on every kind of address, who connected, and one clear error when an address cannot be used. */

import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Address, formatPeer, type PeerAddress, type UnixAddress } from '../../src/address.js'
import type { Listening, ListenOptions } from '../../src/io/engine.js'
import type { Socket } from '../../src/io/socket.js'
import { engines } from '../support/engines.js'
import { openedSince, openFds } from '../support/fds.js'
import { connectTo, type Peer } from '../support/peer.js'
import { run } from '../support/programs.js'
import { until } from '../support/wait.js'

const OPTIONS = { backlog: 16, sharePort: false }
const tcp = (host: string, port = 0): Address => ({ kind: 'tcp', host, port })

describe.each(engines().map((engine) => ({ kind: engine.kind, engine })))('$kind listener', ({ engine }) => {
  let folder: string
  let fdsBefore: string[]
  const closing: { close(): void }[] = []

  beforeEach(() => {
    fdsBefore = openFds()
    folder = mkdtempSync(join(tmpdir(), 'millrace-'))
  })
  afterEach(async () => {
    for (const each of closing.splice(0)) each.close()
    rmSync(folder, { recursive: true })
    await until(() => openedSince(fdsBefore).length === 0)
  })

  const inFolder = (name: string): UnixAddress => ({ kind: 'unix', path: join(folder, name) })

  /** Listens, and keeps the clients and their sockets. */
  async function listen(
    address: Address,
    options: ListenOptions = OPTIONS,
  ): Promise<Pick<Listening, 'address' | 'update' | 'close'> & { clients: string[]; sockets: Socket[] }> {
    const clients: string[] = []
    const sockets: Socket[] = []
    const accepted = (socket: Socket, from: PeerAddress): void => {
      clients.push(formatPeer(from))
      sockets.push(socket)
      closing.push(socket)
    }
    const listening = await engine.listen(address, options, { accepted, paused: () => {} })
    closing.push(listening)
    const { address: bound } = listening
    const update: Listening['update'] = (changes) => listening.update(changes)
    return { address: bound, update, close: () => listening.close(), clients, sockets }
  }

  async function connected(address: Address): Promise<Peer> {
    const peer = await connectTo(address)
    closing.push({ close: () => peer.socket.destroy() })
    return peer
  }

  const failure = (address: Address, options: ListenOptions = OPTIONS): Promise<unknown> =>
    engine.listen(address, options, { accepted: () => {}, paused: () => {} }).then(
      (listening) => listening.close(),
      (error: unknown) => error,
    )
  const failed = (errno: string, advice: string): object =>
    expect.objectContaining({ code: 'listen-failed', message: expect.stringMatching(`${errno}.*${advice}`) })

  test('a listener on port 0 tells the port it got and the address of each client', async () => {
    const listening = await listen(tcp('127.0.0.1'))
    const peer = await connected(listening.address)
    await until(() => listening.clients.length === 1)
    expect(listening.address).toMatchObject({ kind: 'tcp', host: '127.0.0.1', port: expect.any(Number) })
    expect(listening.clients).toEqual([`127.0.0.1:${peer.socket.localPort}`])
  })

  test('a dual-stack listener tells IPv6 clients as IPv6 and IPv4 clients as IPv4', async () => {
    const listening = await listen(tcp('::'))
    if (listening.address.kind === 'unix') return expect.unreachable()
    const v6 = await connected(tcp('::1', listening.address.port))
    const v4 = await connected(tcp('127.0.0.1', listening.address.port))
    await until(() => listening.clients.length === 2)
    expect(listening.clients.sort()).toEqual([
      `127.0.0.1:${v4.socket.localPort}`,
      `[::1]:${v6.socket.localPort}`,
    ])
  })

  test('a listener accepts a burst of 150 clients, more than it takes in one turn', async () => {
    const listening = await listen(tcp('127.0.0.1'), { ...OPTIONS, backlog: 200 })
    await Promise.all(Array.from({ length: 150 }, () => connected(listening.address)))
    await until(() => listening.clients.length === 150)
  })

  test("a listener on a unix socket accepts clients, and removes the socket's file when it closes", async () => {
    const address = inFolder('socket')
    const listening = await listen(address)
    await connected(address)
    await until(() => listening.clients.length === 1)
    expect(listening.clients).toEqual(['unix:'])
    listening.close()
    await until(() => !existsSync(address.path))
  })

  const fileOf = ({ path }: UnixAddress) => {
    const { mode, gid } = statSync(path)
    return { mode: (mode & 0o777).toString(8), gid }
  }

  test.each([0o600, 0o660, 0o666, 0o700])('the file of a unix socket gets mode %i', async (mode) => {
    const address = inFolder('mode')
    const listening = await listen(address, { ...OPTIONS, socketFile: { mode, group: undefined } })
    expect(fileOf(address).mode).toBe(mode.toString(8))
    await connected(address)
    listening.update({ socketFile: { mode: 0o640, group: undefined } })
    expect(fileOf(address).mode).toBe('640')
  })

  test.runIf(process.getuid?.() === 0)(
    'the file of a unix socket gets its group by number or by name',
    async () => {
      const [address, other] = [inFolder('number'), inFolder('name')]
      await listen(address, { ...OPTIONS, socketFile: { mode: undefined, group: '1' } })
      await listen(other, { ...OPTIONS, socketFile: { mode: 0o620, group: 'daemon' } })
      expect([fileOf(address), fileOf(other)]).toEqual([
        { mode: '660', gid: 1 },
        { mode: '620', gid: 1 },
      ])
    },
  )

  test('a listener with an unknown group fails with a clear error and leaves no file behind', async () => {
    const address = inFolder('group')
    const socketFile = { mode: undefined, group: 'nobody-has-this' }
    expect(await failure(address, { ...OPTIONS, socketFile })).toEqual(
      failed('there is no group nobody-has-this', 'give its number'),
    )
    await until(() => !existsSync(address.path))
  })

  test('a listener replaces the file of a unix socket that nobody listens on any more', async () => {
    const address = inFolder('stale')
    const script = `require('net').createServer().listen(${JSON.stringify(address.path)}, () => process.kill(process.pid, 'SIGKILL'))`
    await run(process.execPath, ['-e', script])
    expect(statSync(address.path).isSocket()).toBe(true)
    const listening = await listen(address)
    await connected(address)
    await until(() => listening.clients.length === 1)
  })

  test('a listener fails with EADDRINUSE on a unix socket that another process listens on, and leaves it alone', async () => {
    const address = inFolder('taken')
    const owner = createServer().listen(address.path)
    await once(owner, 'listening')
    closing.push(owner)
    expect(await failure(address)).toEqual(failed('EADDRINUSE', 'another process listens there'))
    const client = connect(address.path)
    await once(client, 'connect')
    client.destroy()
    await once(client, 'close')
  })

  test('a listener fails with EADDRINUSE on a path of a regular file, and leaves the file alone', async () => {
    const address = inFolder('file')
    writeFileSync(address.path, 'precious')
    expect(await failure(address)).toEqual(failed('EADDRINUSE', 'not a socket'))
    expect(statSync(address.path).size).toBe(8)
  })

  test('the error for an address that cannot be listened on says why and what to check', async () => {
    const owner = await listen(tcp('127.0.0.1'))
    expect(await failure(owner.address)).toEqual(failed('EADDRINUSE', 'another process listens there'))
    expect(await failure(tcp('203.0.113.7', 7000))).toEqual(failed('EADDRNOTAVAIL', 'no interface'))
    expect(await failure(inFolder('missing/socket'))).toEqual(failed('(ENOENT|EACCES)', 'folder .*exist'))
    mkdirSync(join(folder, 'directory'))
    expect(await failure(inFolder('directory'))).toEqual(failed('EADDRINUSE', ''))
  })

  test('a listener that is closed twice leaves its accepted connections open', async () => {
    const listening = await listen(tcp('127.0.0.1'))
    const peer = await connected(listening.address)
    await until(() => listening.sockets.length === 1)
    listening.close()
    listening.close()
    expect(peer.socket.destroyed).toBe(false)
    listening.sockets[0]?.reset()
    expect(await peer.ended).toBe('ECONNRESET')
  })
})
