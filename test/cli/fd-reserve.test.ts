/** When clients have taken all file descriptors, operators still reach millrace: the addon keeps some of them back. */
import { existsSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { loadNative } from '../../src/io/kernel/native.js'
import { temporaryFolder } from '../support/folder.js'
import { connectTo, type Peer } from '../support/peer.js'
import { areMissing } from '../support/programs.js'
import { untilAnswer } from '../support/wait.js'
import { WorkersRig } from '../workers/rig.js'

/** File descriptors for clients and backends in each process, and for the reserve. */
const FREE = 16
const RESERVE = 32
/** Clients for each process. They need more than there are. */
const CLIENTS = 100
const folder = temporaryFolder()
const { native } = loadNative()

describe.skipIf(native === undefined || areMissing('prlimit')).each([
  ['one worker', 1],
  ['two workers', 2],
])('the command with %s and no file descriptor for clients', (_, workers) => {
  let rig: WorkersRig
  let clients: Peer[] = []
  afterEach(async () => {
    for (const { socket } of clients) socket.destroy()
    clients = []
    await rig.end()
  })

  /** Takes all file descriptors that clients can have, in every process that serves. */
  async function exhaust(): Promise<void> {
    const pids = workers === 1 ? [rig.millrace.program.pid] : rig.workerPids()
    for (const pid of pids) {
      const taken = readdirSync(`/proc/${pid}/fd`).length
      await rig.limit(pid, Math.max(taken + FREE + RESERVE, 4 * RESERVE))
    }
    const many = Array.from({ length: pids.length * CLIENTS }, () =>
      connectTo({ kind: 'tcp', host: '127.0.0.1', port: rig.port }),
    )
    clients = await Promise.all(many)
    await rig.statusWhen(({ listeners }) => listeners[0]!.shortage === 'EMFILE')
  }

  it('the admin address answers, a reload works, and the log file is opened again', async () => {
    rig = await WorkersRig.start(folder, { workers })
    await exhaust()
    expect(await rig.get('/livez')).toMatchObject({ status: 200 })
    expect(await rig.get('/readyz')).toEqual({ status: 503, text: 'accepting pauses: EMFILE\n' })
    const log = join(folder, `log-${workers}`)
    const { config } = await rig.status()
    const listeners = [...rig.config().listeners, { name: 'other', address: '127.0.0.1:0', cluster: 'b' }]
    await rig.reload({ workers, listeners, log: { file: log } })
    expect((await rig.status()).config.reloads).toBe(config.reloads + 1)
    renameSync(log, `${log}.1`)
    await rig.admin.ask('POST', '/api/v1/log/reopen', undefined, true)
    expect(existsSync(log)).toBe(true)
  })

  it('when clients leave, millrace is ready again and serves those that waited', async () => {
    rig = await WorkersRig.start(folder, { workers })
    await exhaust()
    for (const { socket } of clients.splice(0)) socket.destroy()
    await untilAnswer(
      () => rig.get('/readyz'),
      ({ status }) => status === 200,
    )
    await rig.join()
    expect((await rig.status()).listeners[0]).not.toHaveProperty('shortage')
  })
})
