/** Sockets that a service manager has opened, and the words of a config for them. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Address } from '../../../src/address.js'
import { kernelLoop, serviceCalls } from '../../../src/io/choose-engine.js'
import type { HeldSocket, Listening } from '../../../src/io/engine.js'
import { KernelEngine } from '../../../src/io/kernel/kernel-engine.js'
import type { KernelLoop } from '../../../src/io/kernel/kernel-loop.js'
import { ActivatedSockets } from '../../../src/io/listening/activated-sockets.js'
import type { Socket } from '../../../src/io/socket.js'
import { StreamEngine } from '../../../src/io/streams/stream-engine.js'
import { engines } from '../../support/engines.js'
import { temporaryFolder } from '../../support/folder.js'
import { connectTo, type Peer } from '../../support/peer.js'
import { until } from '../../support/wait.js'

const ANY_PORT: Address = { kind: 'tcp', host: '127.0.0.1', port: 0 }
const OPTIONS = { backlog: 16, sharePort: false }
const folder = temporaryFolder()
const kernel = engines().find(({ kind }) => kind === 'kernel')

test('without a service manager, a config can name no socket', () => {
  expect(new ActivatedSockets().find('front')).toBe(
    'this process has no sockets from a service manager: start it through a .socket unit, or write HOST:PORT',
  )
})

test('a config that is only checked can name any socket', () => {
  const sockets = new ActivatedSockets()
  sockets.assumeAll()
  expect(sockets.isUnknown(sockets.find('front') as Address)).toBe(true)
  expect(sockets.find('front')).not.toEqual(sockets.find('back'))
  expect(sockets.find('')).toMatch('a name is missing')
})

/** Only the addon can duplicate a socket, as a process does that inherits it. */
describe.skipIf(kernel === undefined)('activated sockets', () => {
  const { native } = kernelLoop() as KernelLoop
  let held: HeldSocket[]
  let clients: Peer[]
  let served: Socket[]
  let listening: Listening | undefined
  let sockets: ActivatedSockets

  beforeEach(() => {
    held = []
    clients = []
    served = []
    sockets = new ActivatedSockets()
  })
  afterEach(() => {
    listening?.close()
    for (const { socket } of clients) socket.destroy()
    for (const each of [...held, ...served]) each.close()
  })

  /** The service manager keeps its own duplicate, which is `held`. */
  async function open(address = ANY_PORT): Promise<number> {
    const socket = await kernel!.hold(address, OPTIONS)
    held.push(socket)
    return native.release(native.adopt(socket.handle.fd))
  }

  const connect = async (): Promise<void> =>
    void clients.push(await connectTo(held[0]!.address as Extract<Address, { kind: 'tcp' }>))

  test('a config names a socket by its name or its number', async () => {
    const [front, back] = [await open(), await open({ kind: 'unix', path: join(folder, 'back') })]
    sockets.begin(
      [
        { name: 'front', fd: front },
        { name: 'back', fd: back },
      ],
      serviceCalls,
    )
    expect(sockets.find('front')).toEqual(held[0]!.address)
    expect(sockets.find(String(front))).toEqual(held[0]!.address)
    expect(sockets.find('back')).toEqual({ kind: 'unix', path: join(folder, 'back') })
    expect(sockets.find('frnt')).toBe(
      `no socket has the name "frnt": write one of fd:front (fd ${front}), fd:back (fd ${back})`,
    )
  })

  test('an abstract name is found', async () => {
    const path = `\0millrace-activated-${process.pid}`
    sockets.begin([{ name: 'front', fd: await open({ kind: 'unix', path }) }], serviceCalls)
    expect(sockets.find('front')).toEqual({ kind: 'unix', path })
  })

  test('a config has to name one of several sockets with the same name by its number', async () => {
    const [first, second] = [await open(), await open()]
    sockets.begin(
      [
        { name: 'web', fd: first },
        { name: 'web', fd: second },
      ],
      serviceCalls,
    )
    expect(sockets.find('web')).toBe(`2 sockets have the name "web": write fd:${first} or fd:${second}`)
    expect(sockets.find(String(second))).toEqual(held[1]!.address)
  })

  test('a socket that is connected or has datagrams cannot be listened on', async () => {
    await open()
    const client = await connectTo(held[0]!.address)
    clients.push(client)
    const datagrams = createSocket('udp4').bind(0, '127.0.0.1')
    await once(datagrams, 'listening')
    const fdOf = (handle: unknown): number => native.release(native.adopt((handle as { fd: number }).fd))
    const connected = fdOf((client.socket as unknown as { _handle: unknown })._handle)
    const udp = fdOf(
      (datagrams as unknown as { [key: symbol]: { handle: unknown } })[stateOf(datagrams)]!.handle,
    )
    datagrams.close()
    sockets.begin(
      [
        { name: 'connected', fd: connected },
        { name: 'udp', fd: udp },
      ],
      serviceCalls,
    )
    for (const name of ['connected', 'udp']) {
      expect(sockets.find(name)).toMatch(`fd:${name} is not a stream socket that listens`)
    }
    for (const fd of [connected, udp]) native.close(native.adopt(fd))
  })

  test('the socket lasts when its listener closes: a listener that opens later serves who waited', async () => {
    sockets.begin([{ name: 'front', fd: await open() }], serviceCalls)
    const engine = new KernelEngine(kernelLoop() as KernelLoop, sockets)
    const { address } = held[0]!
    const listen = (): Promise<Listening> =>
      engine.listen(address, OPTIONS, { accepted: (client) => void served.push(client), paused: () => {} })
    expect(sockets.unused).toHaveLength(1)
    listening = await listen()
    expect(sockets.unused).toEqual([])
    await connect()
    await until(() => served.length === 1)
    listening.close()
    await connect()
    listening = await listen()
    await until(() => served.length === 2)
  })

  test('on the stream engine a listener opens once, and closes without an end of the socket', async () => {
    sockets.begin([{ name: 'front', fd: await open() }], () => undefined)
    const engine = new StreamEngine('switched-off', undefined, sockets)
    const { address } = held[0]!
    const listen = (): Promise<Listening> =>
      engine.listen(address, OPTIONS, { accepted: (client) => void served.push(client), paused: () => {} })
    listening = await listen()
    await connect()
    await until(() => served.length === 1)
    listening.close()
    await connect()
    await expect(listen()).rejects.toThrow('fd:front was closed when its listener was drained')
  })

  test('the file of an activated unix socket stays when its listener closes', async () => {
    const path = join(folder, 'kept')
    sockets.begin([{ name: 'front', fd: await open({ kind: 'unix', path }) }], serviceCalls)
    const engine = new KernelEngine(kernelLoop() as KernelLoop, sockets)
    const handler = { accepted: (client: Socket) => void served.push(client), paused: () => {} }
    listening = await engine.listen({ kind: 'unix', path }, OPTIONS, handler)
    listening.close()
    expect(existsSync(path)).toBe(true)
  })
})

/** Where node:dgram keeps its handle. */
const stateOf = (socket: object): symbol =>
  Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'state symbol')!
