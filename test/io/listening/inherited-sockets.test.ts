import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Address } from '../../../src/address.js'
import { kernelLoop } from '../../../src/io/choose-engine.js'
import type { Engine, Listening, PauseReason } from '../../../src/io/engine.js'
import { KernelEngine } from '../../../src/io/kernel/kernel-engine.js'
import type { KernelLoop } from '../../../src/io/kernel/kernel-loop.js'
import { InheritedSockets } from '../../../src/io/listening/inherited-sockets.js'
import type { Socket } from '../../../src/io/socket.js'
import { StreamEngine } from '../../../src/io/streams/stream-engine.js'
import { engines } from '../../support/engines.js'
import { temporaryFolder } from '../../support/folder.js'
import { connectTo, type Peer } from '../../support/peer.js'
import { until } from '../../support/wait.js'

const ANY_PORT: Address = { kind: 'tcp', host: '127.0.0.1', port: 0 }
const OPTIONS = { backlog: 16, sharePort: false }
const folder = temporaryFolder()
/** Only the addon can duplicate a listening socket, as a process does that inherits it. */
const hasAddon = engines().some(({ kind }) => kind === 'kernel')

describe.skipIf(!hasAddon).each(engines())('inherited sockets on the $kind engine', (engine) => {
  let inherited: InheritedSockets
  let successor: Engine
  let opened: Listening[]
  let clients: Peer[]
  let served: Socket[]

  beforeEach(() => {
    inherited = new InheritedSockets()
    successor =
      engine.kind === 'kernel'
        ? new KernelEngine(kernelLoop() as KernelLoop, inherited)
        : new StreamEngine('switched-off', undefined, inherited)
    opened = []
    clients = []
    served = []
  })

  afterEach(() => {
    for (const { socket } of clients) socket.destroy()
    for (const each of [...opened, ...served]) each.close()
    inherited.close()
  })

  async function listen(
    on: Engine,
    address: Address,
    accepted: () => void,
    pausedFor?: PauseReason,
  ): Promise<Listening> {
    const handler = {
      accepted: (client: Socket) => {
        served.push(client)
        accepted()
      },
      paused: () => {},
    }
    const listening = await on.listen(address, { ...OPTIONS, pausedFor }, handler)
    opened.push(listening)
    return listening
  }

  /** As if another process had these sockets. */
  function bequeath(listening: Pick<Listening, 'address' | 'fds'>, asked = listening.address): void {
    const { native } = kernelLoop() as KernelLoop
    const fds = listening.fds.map((fd) => native.adopt(fd))
    for (const fd of fds) native.release(fd)
    inherited.add(asked, fds)
  }

  async function connect(address: Address): Promise<void> {
    clients.push(await connectTo(address as Extract<Address, { kind: 'tcp' }>))
  }

  test('a listener takes the socket of its address, and the engine opens all other addresses', async () => {
    const count = { old: 0, young: 0, other: 0 }
    const old = await listen(engine, ANY_PORT, () => count.old++)
    bequeath(old)
    const young = await listen(successor, old.address, () => count.young++)
    const other = await listen(successor, ANY_PORT, () => count.other++)
    expect(young.address).toEqual(old.address)
    old.leave()
    await connect(young.address)
    await connect(other.address)
    await until(() => count.young === 1 && count.other === 1)
    expect(count.old).toBe(0)
  })

  test('a listener with port 0 in the config has the port of its inherited socket', async () => {
    const old = await listen(engine, ANY_PORT, () => {})
    bequeath(old, ANY_PORT)
    expect((await listen(successor, ANY_PORT, () => {})).address).toEqual(old.address)
  })

  test('a listener that begins with a pause leaves the clients to the other process until it goes on', async () => {
    const count = { old: 0, young: 0 }
    const old = await listen(engine, ANY_PORT, () => count.old++)
    bequeath(old)
    const young = await listen(successor, old.address, () => count.young++, 'upgrade')
    for (let i = 0; i < 5; i++) await connect(old.address)
    await until(() => count.old === 5)
    expect(count.young).toBe(0)
    old.leave()
    young.resume('upgrade')
    await connect(old.address)
    await until(() => count.young === 1)
  })

  test('a listener accepts from every inherited socket of its address', async () => {
    let accepted = 0
    const old = [await engine.hold(ANY_PORT, { ...OPTIONS, sharePort: true })]
    if (engine.kind === 'kernel')
      old.push(await engine.hold(old[0]!.address, { ...OPTIONS, sharePort: true }))
    const { address } = old[0]!
    bequeath({ address, fds: old.map(({ handle }) => handle.fd) })
    await listen(successor, address, () => accepted++)
    for (const held of old) held.leave()
    for (let i = 0; i < 20; i++) await connect(address)
    await until(() => accepted === 20)
  })

  test('the file of a unix socket stays when its listener leaves, and goes when its heir closes', async () => {
    const path = join(folder, `${engine.kind}.sock`)
    const address: Address = { kind: 'unix', path }
    const old = await listen(engine, address, () => {})
    bequeath(old)
    const young = await listen(successor, address, () => {})
    old.leave()
    expect(existsSync(path)).toBe(true)
    young.close()
    expect(existsSync(path)).toBe(false)
  })

  test('a listener that leaves hands out the clients that wait in it', async () => {
    let accepted = 0
    const old = await listen(engine, ANY_PORT, () => accepted++)
    old.pause('upgrade')
    bequeath(old)
    await connect(old.address)
    old.leave()
    const young = await listen(successor, old.address, () => accepted++)
    await connect(young.address)
    await until(() => accepted === 2)
  })
})
