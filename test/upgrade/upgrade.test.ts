/** A new process takes the place of the one that serves. No client notices. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import * as schemas from '../../src/admin/api/schemas.js'
import type { ProxyStatus } from '../../src/observe/status.js'
import { VERSION } from '../../src/version.js'
import { temporaryFolder } from '../support/folder.js'
import { connectTo } from '../support/peer.js'
import { isAlive, UpgradeRig } from './rig.js'

describe.each([
  { workers: 1, native: undefined },
  { workers: 2, native: undefined },
  { workers: 1, native: 'off' as const },
])('an upgrade with $workers workers, addon $native', ({ workers, native }) => {
  const folder = temporaryFolder()
  let rig: UpgradeRig

  afterEach(async () => {
    await rig.end()
  })

  it('refuses and resets no client, answers on the admin address all the time, and no counter falls', async () => {
    const unix = join(folder, 'unix.sock')
    rig = await UpgradeRig.start(
      folder,
      {
        workers,
        listeners: [
          { name: 'front', address: '127.0.0.1:0', cluster: 'a' },
          { name: 'unix', address: `unix:${unix}`, cluster: 'a' },
        ],
        timeouts: { drainMs: '24d' },
      },
      { native },
    )
    const first = rig.pid
    const client = await rig.join()
    const accepted: number[] = []
    const { value: upgraded, clients } = await rig.joinDuring(
      () => rig.upgrade(),
      async () => void accepted.push(acceptedIn(await rig.status())),
    )
    expect(schemas.upgraded.parse(upgraded)).toMatchObject({ pid: rig.pid, version: VERSION })
    expect(upgraded.pid).not.toBe(first)
    expect(accepted).toEqual(accepted.toSorted((a, b) => a - b))
    const after = await rig.statusWhen(({ predecessor }) => predecessor?.connections === 1)
    expect(after).toMatchObject({ state: 'running', predecessor: { pid: first } })
    expect(after.processes.map(({ pid }) => pid)).not.toContain(first)
    client.send(Buffer.from('again'))
    await client.receive(10)
    client.socket.destroy()
    const last = await rig.statusWhen(({ predecessor }) => predecessor === undefined)
    await rig.gone(first)
    expect(acceptedIn(last)).toBe(clients + 1)
    expect(last.connections.bytesUp).toBe(5 * clients + 10)
    ;(await connectTo({ kind: 'unix', path: unix })).socket.destroy()
    process.kill(rig.pid, 'SIGTERM')
    await rig.gone(upgraded.pid)
    expect([unix, rig.socket, rig.pidFile].filter((path) => existsSync(path))).toEqual([])
  })
})

const acceptedIn = ({ listeners }: ProxyStatus): number => listeners[0]!.accepted

describe('several upgrades', () => {
  const folder = temporaryFolder()
  let rig: UpgradeRig

  afterEach(async () => {
    await rig.end()
  })

  it('connections of two earlier processes stay, and both count in the status', async () => {
    rig = await UpgradeRig.start(folder, { timeouts: { drainMs: '24d' } })
    const clients = [await rig.join()]
    const first = rig.pid
    await rig.upgrade()
    clients.push(await rig.join())
    const second = rig.pid
    await rig.upgrade()
    const status = await rig.statusWhen(({ predecessor }) => predecessor?.connections === 2)
    expect(status.predecessor).toEqual({ pid: second, connections: 2 })
    expect(acceptedIn(status)).toBe(2)
    clients[1]!.socket.destroy()
    await rig.statusWhen(({ predecessor }) => predecessor?.connections === 1)
    expect(isAlive(second)).toBe(true)
    clients[0]!.socket.destroy()
    await rig.statusWhen(({ predecessor }) => predecessor === undefined)
    await Promise.all([rig.gone(first), rig.gone(second)])
  })

  it('the number of workers can change, and clients in the queues of all earlier workers are served', async () => {
    rig = await UpgradeRig.start(folder, { workers: 2 })
    rig.write({ workers: 1 })
    await rig.joinDuring(() => rig.upgrade())
    expect((await rig.status()).workers).toBe(1)
    expect(readFileSync(rig.pidFile, 'utf8')).toBe(`${rig.pid}\n`)
  })
})
