/** A paused listener keeps the clients that connect. When it goes on, it hands them out in order and unread. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Address, formatAddress, formatPeer, type PeerAddress } from '../../src/address.js'
import { kernelLoop } from '../../src/io/choose-engine.js'
import type { Listening } from '../../src/io/engine.js'
import { KernelEngine } from '../../src/io/kernel/kernel-engine.js'
import type { KernelLoop } from '../../src/io/kernel/kernel-loop.js'
import { GivenSockets } from '../../src/io/listening/given-sockets.js'
import type { Socket } from '../../src/io/socket.js'
import { StreamEngine } from '../../src/io/streams/stream-engine.js'
import { engines } from '../support/engines.js'
import { openedSince, openFds } from '../support/fds.js'
import { connectTo, type Peer } from '../support/peer.js'
import { turns, until } from '../support/wait.js'

const OPTIONS = { backlog: 16, sharePort: false }
const ANY_PORT: Address = { kind: 'tcp', host: '127.0.0.1', port: 0 }

describe.each(engines().map((engine) => ({ kind: engine.kind, engine })))('$kind listener', ({ engine }) => {
  let fdsBefore: string[]
  /** The clients that the listener has handed out, in order. */
  let clients: string[]
  let sockets: Socket[]
  const closing: { close(): void }[] = []

  beforeEach(() => {
    fdsBefore = openFds()
    clients = []
    sockets = []
  })
  afterEach(async () => {
    for (const each of [...closing.splice(0), ...sockets]) each.close()
    await until(() => openedSince(fdsBefore).length === 0)
  })

  function accepted(socket: Socket, from: PeerAddress): void {
    clients.push(formatPeer(from))
    sockets.push(socket)
  }

  async function listen(on = engine, address = ANY_PORT): Promise<Listening> {
    const listening = await on.listen(address, OPTIONS, { accepted, paused: () => {} })
    closing.push(listening)
    return listening
  }

  async function connected(address: Address): Promise<Peer> {
    const peer = await connectTo(address)
    closing.push({ close: () => peer.socket.destroy() })
    return peer
  }

  test('a listener hands out no client while it has a reason to pause, and then all of them in order and unread', async () => {
    const listening = await listen()
    const first = await connected(listening.address)
    await until(() => clients.length === 1)
    listening.pause('admission')
    listening.pause('shortage')
    const later = [await connected(listening.address), await connected(listening.address)]
    for (const peer of later) peer.send(Buffer.from('hello'))
    listening.resume('shortage')
    await turns(50)
    expect(clients).toHaveLength(1)
    listening.resume('admission')
    await until(() => clients.length === 3)
    const ports = [first, ...later].map((peer) => `127.0.0.1:${peer.socket.localPort}`)
    expect(clients).toEqual(ports)
    for (const socket of sockets.slice(1)) {
      await until(() => {
        socket.awaitMore()
        return socket.peek(5).toString() === 'hello'
      })
    }
  })

  test('a client that was put back is handed out again before the clients that came after it', async () => {
    const served: string[] = []
    let isFull = true
    const accepted = (socket: Socket, from: PeerAddress): void => {
      if (isFull && served.length === 1) {
        listening.pause('admission')
        listening.putBack(socket, from)
        return
      }
      served.push(formatPeer(from))
      closing.push(socket)
    }
    const listening = await engine.listen(ANY_PORT, OPTIONS, { accepted, paused: () => {} })
    closing.push(listening)
    const clients: string[] = []
    for (let i = 0; i < 4; i++) {
      const { socket } = await connected(listening.address)
      clients.push(`127.0.0.1:${socket.localPort}`)
    }
    await turns(50)
    expect(served).toHaveLength(1)
    isFull = false
    listening.resume('admission')
    await until(() => served.length === 4)
    expect(served).toEqual(clients)
  })

  test('a paused listener that closes resets its waiting clients', async () => {
    const listening = await listen()
    listening.pause('admission')
    const peers = [await connected(listening.address), await connected(listening.address)]
    await turns(50)
    listening.close()
    expect(await Promise.all(peers.map(({ ended }) => ended))).toEqual(['ECONNRESET', 'ECONNRESET'])
    expect(clients).toEqual([])
  })

  test('a paused listener on a given socket hands out no client, and all of them when it goes on', async () => {
    const given = new GivenSockets()
    const held = await engine.hold(ANY_PORT, OPTIONS)
    const worker =
      engine.kind === 'kernel'
        ? new KernelEngine(kernelLoop() as KernelLoop, given)
        : new StreamEngine('switched-off', undefined, given)
    given.add(formatAddress(held.address), 0, held.handle)
    const listening = await listen(worker, held.address)
    listening.pause('admission')
    await Promise.all(Array.from({ length: 3 }, () => connected(held.address)))
    await turns(50)
    expect(sockets).toEqual([])
    listening.resume('admission')
    await until(() => sockets.length === 3)
  })
})
