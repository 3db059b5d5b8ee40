/**
 * One of two workers is stopped, as by a debugger or by a machine out of memory, and the other one goes on. Each test
 * waits for an answer that does not come, in processes whose clocks it cannot move. So all tests of this file run at
 * the same time.
 */
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../support/folder.js'
import { bothServe, WorkersRig } from './rig.js'

const folder = temporaryFolder()
const front = { name: 'front', address: '127.0.0.1:0', cluster: 'a' }

/** Runs the test with two workers, of which one has just been stopped. `stuck` is the process of that one. */
const withStuck = (story: (rig: WorkersRig, stuck: number) => Promise<void>) => async (): Promise<void> => {
  const rig = await WorkersRig.start(mkdtempSync(join(folder, 'rig-')))
  try {
    // The supervisor remembers what the worker said last.
    const { processes } = await rig.status()
    const stuck = processes[1]!.pid
    process.kill(stuck, 'SIGSTOP')
    await story(rig, stuck)
  } finally {
    await rig.end()
  }
}

describe.concurrent('beside a worker that is stuck', () => {
  it(
    'status and metrics are answered beside a stuck worker, and say that it is silent',
    withStuck(async (rig, stuck) => {
      const { workers, workersSilent, processes } = await rig.statusWhen((status) => status.workersSilent > 0)
      expect({ workers, workersSilent }).toEqual({ workers: 2, workersSilent: 1 })
      expect(processes.map(({ pid }) => pid)).toContain(stuck)
      expect((await rig.get('/metrics')).text).toMatch(/^millrace_workers_silent 1$/m)
      expect(await rig.admin.ask('GET', '/api/v1/connections')).toEqual({ matched: 0, connections: [] })
      expect(await rig.get('/readyz')).toEqual({ status: 503, text: 'worker 1 does not answer\n' })
      process.kill(stuck, 'SIGCONT')
      await rig.statusWhen(bothServe)
      expect((await rig.get('/readyz')).status).toBe(200)
    }),
  )

  it(
    'an order beside a stuck worker fails with its name, and reaches it when it goes on',
    withStuck(async (rig, stuck) => {
      const path = `/api/v1/clusters/a/backends/${rig.backends[0]!.address}`
      const named = `no answer from worker 1 (process ${stuck})`
      await expect(rig.admin.ask('PATCH', path, { state: 'drain' })).rejects.toThrow(named)
      const down = { backends: [{ setTo: 'drain' }] }
      const differing = await rig.status()
      expect(differing.workersDiffer).toEqual([`backends.a/${rig.backends[0]!.address}`])
      process.kill(stuck, 'SIGCONT')
      const same = await rig.statusWhen((status) => bothServe(status) && status.workersDiffer.length === 0)
      expect(same).toMatchObject({ clusters: [down, {}] })
    }),
  )

  it(
    'a reload beside a stuck worker changes nothing, and the next one works when it goes on',
    withStuck(async (rig, stuck) => {
      const listeners = [
        { ...front, cluster: 'b' },
        { ...front, name: 'new' },
      ]
      await expect(rig.reload({ listeners })).rejects.toThrow(`no answer from worker 1 (process ${stuck})`)
      const unchanged = await rig.status()
      expect(unchanged).toMatchObject({ config: { reloads: 0, failedReloads: 1 }, listeners: [{}] })
      process.kill(stuck, 'SIGCONT')
      await rig.statusWhen(bothServe)
      expect(await rig.reload({ listeners })).toMatchObject({ changed: ['listeners.front', 'listeners.new'] })
      for (let i = 0; i < 20; i++) await rig.join()
      expect(rig.backends.map(({ peers }) => peers.length)).toEqual([0, 20])
    }),
  )

  it(
    'a drain of everything ends a stuck worker after the deadline',
    withStuck(async (rig, stuck) => {
      const client = rig.admin.ask('POST', '/api/v1/drain', { all: true, deadlineMs: 100 }, true)
      expect(await client).toEqual({ finished: 0, closed: 0, cut: 0 })
      expect(await rig.millrace.program.exited).toEqual({ code: 0, signal: null })
      expect(() => process.kill(stuck, 0)).toThrow('ESRCH')
    }),
  )
})
