/** Upgrades in which something around the process changes or fails: a worker that is stopped, another admin address. */
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { AdminClient } from '../../src/command/client.js'
import type { ProxyStatus } from '../../src/observe/status.js'
import { temporaryFolder } from '../support/folder.js'
import { kill, UpgradeRig } from './rig.js'

describe('an upgrade', () => {
  const folder = temporaryFolder()
  let rig: UpgradeRig

  afterEach(async () => {
    await rig.end()
  })

  it('does not wait for a worker that is stopped, and that worker ends with its process', async () => {
    rig = await UpgradeRig.start(folder, { workers: 2 })
    const { pid: first } = rig
    const stopped = (await rig.status()).processes.at(-1)!.pid
    kill(stopped, 'SIGSTOP')
    const { pid } = await rig.upgrade()
    expect(pid).toBe(rig.pid)
    await rig.join()
    await Promise.all([rig.gone(first), rig.gone(stopped)])
  })

  it('serves although it cannot write its pid file', async () => {
    rig = await UpgradeRig.start(folder)
    rmSync(rig.pidFile)
    mkdirSync(rig.pidFile)
    await rig.upgrade()
    await rig.millrace.logged(({ msg }) => msg === 'the pid file does not name the process that serves')
    await rig.join()
    rmSync(rig.pidFile, { recursive: true })
  })

  it('moves to another admin address, and the old one is gone', async () => {
    rig = await UpgradeRig.start(folder)
    const { pid: first } = rig
    const path = join(folder, 'other.sock')
    rig.write({ admin: `unix:${path}` })
    const { pid } = await rig.upgrade()
    await rig.gone(first)
    const admin = new AdminClient({ address: { kind: 'unix', path }, token: undefined })
    const { processes } = (await admin.ask('GET', '/api/v1/status')) as ProxyStatus
    expect(processes.map((each) => each.pid)).toEqual([pid])
    expect(existsSync(rig.socket)).toBe(false)
  })
})
