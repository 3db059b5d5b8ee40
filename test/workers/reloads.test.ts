/** A reload changes the config of all workers or of none, whatever goes wrong in one of them. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../support/folder.js'
import type { LogLine } from '../support/millrace.js'
import { connectTo } from '../support/peer.js'
import { areMissing, freePort } from '../support/programs.js'
import { until } from '../support/wait.js'
import { bothServe, WorkersRig } from './rig.js'

const CLIENTS = 20
const PLENTY = 1000

const folder = temporaryFolder()
const front = { name: 'front', address: '127.0.0.1:0', cluster: 'a' }

describe.each([
  ['with the addon', undefined],
  ['with native off', 'off'],
] as const)('two workers %s', (_, native) => {
  let rig: WorkersRig
  afterEach(() => rig.end())

  it('two workers count the reloads that worked and those that failed', async () => {
    rig = await WorkersRig.start(folder, {}, native)
    const { config: before } = await rig.status()
    await expect(rig.reload({ nonsense: 1 })).rejects.toMatchObject({ code: 'config-invalid' })
    const { config: unchanged } = await rig.statusWhen(({ config }) => config.failedReloads === 1)
    expect(unchanged).toEqual({ ...before, failedReloads: 1 })
    await rig.reload({})
    const { config: after } = await rig.statusWhen(({ config }) => config.reloads === 1)
    expect(after).toMatchObject({ reloads: 1, failedReloads: 1 })
    expect(after.loadedAt > before.loadedAt).toBe(true)
    expect((await rig.get('/metrics')).text).toMatch(/^millrace_reloads_failed_total 1$/m)
  })

  it('a reload moves the log of workers and supervisor, or fails if the new file cannot be written', async () => {
    rig = await WorkersRig.start(folder, {}, native)
    await expect(rig.reload({ log: { file: '/nowhere/at/all.log' } })).rejects.toMatchObject({
      cause: { status: 409 },
    })
    const file = join(folder, `moved-${native}.log`)
    expect(await rig.reload({ log: { file } })).toEqual({ changed: ['log'], needsRestart: [] })
    expect((await rig.status()).logFile).toBe(file)
    for (let i = 0; i < CLIENTS; i++) (await rig.join()).end()
    const lines = (): LogLine[] =>
      readFileSync(file, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line))
    await until(() => lines().filter(({ msg }) => msg === 'connection').length === CLIENTS)
    expect(lines().some(({ msg }) => msg === 'config reloaded')).toBe(true)
    expect(rig.millrace.lines.some(({ msg }) => msg === 'connection')).toBe(false)
  })

  it('two workers drain a removed cluster by its name as long as it has connections', async () => {
    rig = await WorkersRig.start(folder, {}, native)
    const client = await rig.join()
    const clusters = { b: { backends: [rig.backends[1]!.address] } }
    await rig.reload({ listeners: [{ ...front, cluster: 'b' }], clusters })
    const leaving = (await rig.status()).clusters.find(({ name }) => name === 'a')
    expect(leaving).toMatchObject({ isLeaving: true, active: 1 })
    const drain = (cluster: string) =>
      rig.admin.ask('POST', '/api/v1/drain', { cluster, deadlineMs: 40, spreadMs: 20 }, true)
    expect(await drain('a')).toMatchObject({ finished: 0, closed: 1, cut: 0 })
    await client.ended
    await expect(drain('a')).rejects.toMatchObject({ cause: { status: 404 } })
    await expect(drain('never')).rejects.toMatchObject({ cause: { status: 404 } })
  })

  it('a reload says what it has changed, even while a worker is missing', async () => {
    const path = `unix:${folder}/listener-${native}`
    rig = await WorkersRig.start(folder, {}, native)
    await rig.killOne()
    const listeners = [front, { name: 'local', address: path, cluster: 'b' }]
    expect(await rig.reload({ listeners, workers: 3 })).toEqual({
      changed: ['listeners.local'],
      needsRestart: ['workers'],
    })
    expect(await rig.reload({ listeners, workers: 3 })).toEqual({ changed: [], needsRestart: ['workers'] })
    expect(await rig.reload({ listeners })).toEqual({ changed: [], needsRestart: [] })
  })

  it('a reload moves a listener from 127.0.0.1 to 0.0.0.0, or without the addon says what is in the way', async () => {
    const port = await freePort()
    const at = (host: string) => ({ listeners: [{ ...front, address: `${host}:${port}` }] })
    rig = await WorkersRig.start(folder, at('127.0.0.1'), native)
    const moved = rig.reload(at('0.0.0.0'))
    if (native === 'off') {
      const why = `while listener front of this proxy listens on 127.0.0.1:${port}`
      await expect(moved).rejects.toThrow(why)
    } else expect(await moved).toMatchObject({ changed: ['listeners.front'] })
    await rig.join(port)
  })

  it('two workers drain a unix socket that only one of them has, and are ready until no listener is left', async () => {
    const address = `unix:${folder}/drained-${native}`
    rig = await WorkersRig.start(folder, { listeners: [front, { ...front, name: 'local', address }] }, native)
    const drained = await rig.admin.ask('POST', '/api/v1/drain', { listener: 'local' }, true)
    expect(drained).toEqual({ finished: 0, closed: 0, cut: 0, left: 0 })
    expect((await rig.get('/readyz')).status).toBe(200)
    await rig.admin.ask('POST', '/api/v1/drain', { listener: 'front' }, true)
    expect(await rig.get('/readyz')).toEqual({ status: 503, text: 'no listener listens\n' })
  })
})

describe.skipIf(areMissing('prlimit'))('workers that are out of file descriptors', () => {
  let rig: WorkersRig
  afterEach(() => rig.end())

  it('a worker without file descriptors makes a reload fail in all workers, and a later one works', async () => {
    rig = await WorkersRig.start(folder)
    const port = await freePort()
    const listeners = [
      { ...front, cluster: 'b' },
      { ...front, name: 'new', address: `127.0.0.1:${port}` },
    ]
    const poor = (await rig.status()).processes[1]!.pid
    await rig.limit(poor, lowestFree(poor))
    await expect(rig.reload({ listeners })).rejects.toThrow('EMFILE')
    await expect(connectTo({ kind: 'tcp', host: '127.0.0.1', port })).rejects.toThrow('ECONNREFUSED')
    const { workerDeaths, processes, listeners: unchanged } = await rig.status()
    expect({ workerDeaths, listeners: unchanged.length }).toEqual({ workerDeaths: 0, listeners: 1 })
    expect(processes[1]).toMatchObject({ pid: poor, heapBytes: expect.any(Number) })
    await rig.limit(poor, PLENTY)
    for (let i = 0; i < CLIENTS; i++) await rig.join()
    expect(rig.backends.map(({ peers }) => peers.length)).toEqual([CLIENTS, 0])
    expect(await rig.reload({ listeners })).toMatchObject({ changed: ['listeners.front', 'listeners.new'] })
    for (let i = 0; i < CLIENTS; i++) await rig.join(port)
    for (let i = 0; i < CLIENTS; i++) await rig.join()
    expect(rig.backends.map(({ peers }) => peers.length)).toEqual([2 * CLIENTS, CLIENTS])
    expect(bothServe(await rig.status())).toBe(true)
  })
})

/** The limit with which this process can open nothing more. */
function lowestFree(pid: number): number {
  const taken = new Set(readdirSync(`/proc/${pid}/fd`).map(Number))
  let fd = 0
  while (taken.has(fd)) fd++
  return fd
}
