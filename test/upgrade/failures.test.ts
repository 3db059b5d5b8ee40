/** An upgrade that fails at any step changes nothing, and says why. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync, symlinkSync, writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'

import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { USUAL_BACKLOG } from '../../src/defaults.js'
import { createEngine } from '../../src/io/choose-engine.js'
import type { Begin } from '../../src/upgrade/messages.js'
import { CHANNEL_FD, SUCCESSOR_VARIABLE } from '../../src/upgrade/protocol.js'
import { Backend } from '../support/backend.js'
import { temporaryFolder } from '../support/folder.js'
import { CLI, runtimeFolder, writeConfig } from '../support/millrace.js'
import { connectTo } from '../support/peer.js'
import { isAlive, kill, UpgradeRig } from './rig.js'

const FAKE = fileURLToPath(new URL('fake-successor.mjs', import.meta.url))
const LATE = { upgradeMs: '300ms' }

describe.each([{ workers: 1 }, { workers: 2 }])('with $workers workers', ({ workers }) => {
  const folder = temporaryFolder()
  const script = join(folder, 'millrace.mjs')
  let rig: UpgradeRig
  let pid: number

  beforeAll(async () => {
    point(CLI)
    rig = await UpgradeRig.start(folder, { workers, upgradeMs: '60s' }, { script })
    pid = rig.pid
  })

  afterAll(async () => {
    await rig.end()
  })

  function point(to: string): void {
    rmSync(script, { force: true })
    symlinkSync(to, script)
  }

  async function expectNothingChanged(): Promise<void> {
    await rig.join()
    expect(rig.pid).toBe(pid)
    const status = await rig.status()
    expect(status).toMatchObject({ state: 'running', workers })
    expect(status.predecessor).toBeUndefined()
    expect(rig.pids.filter(isAlive)).toEqual([pid])
  }

  it.each([
    ['exit', 'the new process failed: it ended with 3'],
    ['crash', 'the new process failed: it was ended by SIGSEGV'],
    ['other-protocol', 'millrace 9.9.9 hands over by protocol 2, this version by 1: restart it instead'],
    ['nonsense', 'the other process of the upgrade sent a message that this version does not understand'],
    ['garbage', 'the new process failed: it sent something that is no message'],
    ['no-channel', 'the new process failed: it was ended by SIGKILL'],
    ['ready', 'the new process failed: it ended with 4'],
    ['state', 'the new process failed: it ended with 5'],
    ['no-state', 'it does not understand the state'],
  ])('a successor that fails at the step %s changes nothing', async (step, why) => {
    point(FAKE)
    writeFileSync(join(folder, 'step'), step)
    await expect(rig.upgrade()).rejects.toThrow(why)
    await expectNothingChanged()
  })

  it('a successor that is not ready within upgradeMs is killed, and nothing changes', async () => {
    point(FAKE)
    writeFileSync(join(folder, 'step'), 'silent')
    rig.write({ workers, ...LATE })
    await rig.admin.ask('POST', '/api/v1/reload', undefined, true)
    await expect(rig.upgrade()).rejects.toThrow('the new process was not ready within 300 ms (upgradeMs)')
    await expectNothingChanged()
  })

  it('while one upgrade runs, a second one, a reload, and orders about listeners are refused', async () => {
    point(FAKE)
    writeFileSync(join(folder, 'step'), 'silent')
    const first = rig.upgrade()
    await expect(rig.upgrade()).rejects.toThrow('an upgrade runs already')
    await expect(rig.admin.ask('POST', '/api/v1/reload', undefined, true)).rejects.toThrow('an upgrade runs')
    for (const state of ['drain', 'up'])
      await expect(rig.admin.ask('PATCH', '/api/v1/listeners/front', { state }, true)).rejects.toThrow(
        'an upgrade runs: give the order to the new process once it serves',
      )
    await expect(rig.admin.ask('POST', '/api/v1/drain', { listener: 'front' }, true)).rejects.toThrow(
      'an upgrade runs: give the order',
    )
    await expect(first).rejects.toThrow('upgradeMs')
  })

  it('a config that the successor cannot use is told with its place, and nothing changes', async () => {
    rig.write({ workers })
    await rig.admin.ask('POST', '/api/v1/reload', undefined, true)
    point(CLI)
    rig.write({ workers, nonsense: 1 })
    await expect(rig.upgrade()).rejects.toMatchObject({
      code: 'config-invalid',
      problems: [expect.objectContaining({ path: 'nonsense', line: 1 })],
    })
    await expectNothingChanged()
    rig.write({ workers })
    expect((await rig.upgrade()).pid).not.toBe(pid)
  })
})

describe('a successor whose predecessor fails', () => {
  const folder = temporaryFolder()

  /** Starts a successor with one inherited socket, as a predecessor does, and talks to it. */
  async function begin(protocol: number) {
    const backend = (await Backend.listen()).echo()
    const held = await createEngine().hold(
      { kind: 'tcp', host: '127.0.0.1', port: 0 },
      { backlog: USUAL_BACKLOG, sharePort: false },
    )
    const { address, handle } = held
    const config = writeConfig(folder, {
      listeners: [{ name: 'front', address: '127.0.0.1:0', cluster: 'a' }],
      clusters: { a: { backends: [backend.address] } },
      admin: false,
    })
    const child = spawn(process.execPath, [CLI, '--config', config], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', handle.fd],
      env: { ...process.env, XDG_RUNTIME_DIR: runtimeFolder, [SUCCESSOR_VARIABLE]: '1' },
    })
    const asked = { kind: 'tcp', host: '127.0.0.1', port: 0 } as const
    const bequest = { name: 'front', asked, address, ipv6Only: false, fds: [4] }
    const message: Omit<Begin, 'protocol'> & { protocol: number } = {
      kind: 'begin',
      protocol,
      version: '0.0.1',
      pid: process.pid,
      listeners: [bequest],
      activated: [],
      drained: [],
      changes: undefined,
      options: undefined,
      admin: [],
    }
    const channel = child.stdio[CHANNEL_FD] as Socket
    channel.write(`${JSON.stringify(message)}\n`)
    const [told] = (await once(createInterface({ input: channel }), 'line')) as [string]
    const end = async (): Promise<void> => {
      kill(child.pid!, 'SIGKILL')
      await backend.close()
    }
    return { child, channel, told: JSON.parse(told) as unknown, held, address, end }
  }

  it('serves on the inherited socket if the predecessor dies before it hands over its state', async () => {
    const { channel, told, held, address, end } = await begin(1)
    expect(told).toMatchObject({ kind: 'ready' })
    channel.destroy()
    held.leave()
    const client = await connectTo(address)
    client.send(Buffer.from('hello'))
    await client.receive(5)
    client.socket.destroy()
    await end()
  })

  it('ends at once when it is told to end before it serves', async () => {
    const { child, told, held, end } = await begin(1)
    expect(told).toMatchObject({ kind: 'ready' })
    const exited = once(child, 'exit')
    child.kill('SIGTERM')
    expect(await exited).toEqual([0, null])
    held.close()
    await end()
  })

  it('tells a predecessor of another protocol that they cannot hand over', async () => {
    const { told, held, end } = await begin(2)
    held.close()
    expect(told).toMatchObject({
      kind: 'failed',
      error: { code: 'wrong-state', message: expect.stringContaining('by protocol 2, this version by 1') },
    })
    await end()
  })
})
