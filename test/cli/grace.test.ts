/** `graceMs`: the time in which the command still accepts clients after SIGTERM, although it is not ready any more. */
import { afterEach, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../support/folder.js'
import { connectTo, turnedAway } from '../support/peer.js'
import { WorkersRig } from '../workers/rig.js'

const NOT_READY = { status: 503, text: 'about to drain\n' }
const folder = temporaryFolder()

describe.each([
  ['one worker', 1],
  ['two workers', 2],
])('the command with %s', (_, workers) => {
  let rig: WorkersRig
  afterEach(() => rig.end())

  /** As Ctrl-C does, and a service manager without `KillMode=mixed`. */
  async function signalAll(): Promise<void> {
    const pids = [...rig.workerPids(), rig.millrace.program.pid]
    for (const pid of new Set(pids)) process.kill(pid, 'SIGTERM')
    await rig.millrace.logged(({ msg }) => msg.startsWith('not ready any more'))
  }

  it('after SIGTERM to all processes, millrace is not ready but accepts clients until a second SIGTERM', async () => {
    rig = await WorkersRig.start(folder, { workers, timeouts: { graceMs: '1h' } })
    expect((await rig.get('/readyz')).status).toBe(200)
    await signalAll()
    expect(await rig.get('/readyz')).toEqual(NOT_READY)
    expect((await rig.get('/livez')).status).toBe(200)
    const client = await rig.join()
    client.end()
    expect(await client.ended).toBe('fin')
    expect(rig.millrace.lines.some(({ msg }) => msg === 'draining')).toBe(false)
    expect(await rig.millrace.stop()).toEqual({ code: 1, signal: null })
  })

  it('after graceMs, millrace drains its connections and exits with 0', async () => {
    rig = await WorkersRig.start(folder, { workers, timeouts: { graceMs: '50ms' } })
    const client = await rig.join()
    await signalAll()
    await rig.millrace.logged(({ msg }) => msg === 'draining')
    await turnedAway(connectTo({ kind: 'tcp', host: '127.0.0.1', port: rig.port }))
    client.end()
    expect(await rig.millrace.program.exited).toEqual({ code: 0, signal: null })
  })
})
