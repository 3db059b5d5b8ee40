/** Workers that start, die or cannot start. Nobody waits for them, and a new worker learns what the others know. */
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { ProxyStatus } from '../../src/observe/status.js'
import { temporaryFolder } from '../support/folder.js'
import { until } from '../support/wait.js'
import { bothServe, WorkersRig } from './rig.js'

const CLIENTS = 20
const front = { name: 'front', address: '127.0.0.1:0', cluster: 'a' }

const folder = temporaryFolder()
let rig: WorkersRig
afterEach(() => rig.end())

describe('a stop while workers start', () => {
  it.each([
    ['when its workers are forked', () => until(() => rig.workerPids().length === 2)],
    ['when its first worker listens', () => rig.millrace.logged(({ msg }) => msg.startsWith('listening on'))],
  ])('millrace that is stopped %s exits with 0 and leaves no worker', async (_, moment) => {
    rig = await WorkersRig.begin(folder)
    await moment()
    const pids = rig.workerPids()
    expect(await rig.millrace.stop()).toEqual({ code: 0, signal: null })
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  })
})

it('a reload while workers start reaches the workers that listen later', async () => {
  rig = await WorkersRig.begin(folder)
  await until(() => rig.workerPids().length === 2)
  rig.write({ listeners: [{ ...front, cluster: 'b' }] })
  process.kill(rig.millrace.program.pid, 'SIGHUP')
  await rig.millrace.logged(({ msg }) => msg.startsWith('admin on'))
  const status = await rig.statusWhen(({ config }) => config.reloads === 1)
  expect(status).toMatchObject({ workers: 2, config: { failedReloads: 0 } })
  for (let i = 0; i < CLIENTS; i++) await rig.join(portOf(status))
  expect(rig.backends.map(({ peers }) => peers.length)).toEqual([0, CLIENTS])
})

describe('workers that cannot start', () => {
  it('a worker that cannot start is missing in readiness and status, and the log says why once', async () => {
    const logs = join(folder, 'logs')
    mkdirSync(logs)
    const file = join(logs, 'millrace.log')
    rig = await WorkersRig.begin(folder, { log: { file } })
    await until(() => existsSync(file) && readFileSync(file, 'utf8').includes('admin on'))
    // The supervisor goes on in its open file. A worker that starts later cannot open it.
    renameSync(logs, `${logs}-away`)
    await rig.killOne()
    const { workers, workersWanted } = await rig.statusWhen(({ workerDeaths }) => workerDeaths >= 3)
    expect({ workers, workersWanted }).toEqual({ workers: 1, workersWanted: 2 })
    expect((await rig.get('/metrics')).text).toMatch(/^millrace_workers_wanted 2$/m)
    expect(await rig.get('/readyz')).toEqual({ status: 503, text: '1 of 2 workers serve\n' })
    await rig.join(portOf(await rig.status()))
    const { processes } = await rig.statusWhen(({ listeners }) => listeners[0]!.accepted === 1)
    await rig.killOne(processes[0]!.pid)
    const nobody = await rig.statusWhen((status) => status.workers === 0)
    expect(nobody).toMatchObject({ state: 'new', listeners: [{ isListening: false, accepted: 1 }] })
    expect((await rig.get('/metrics')).text).toMatch(/^millrace_workers 0$/m)
    expect(await rig.get('/readyz')).toEqual({ status: 503, text: '0 of 2 workers serve\n' })
    const told = readFileSync(`${logs}-away/millrace.log`, 'utf8')
      .split('\n')
      .filter((line) => /a worker (died|cannot start)/.test(line))
      .map((line) => JSON.parse(line))
    const why = { code: 1, why: expect.stringContaining(logs) }
    expect(told.filter(({ worker }) => worker === 0)).toMatchObject([{ signal: 'SIGKILL' }, why])
    renameSync(`${logs}-away`, logs)
    await rig.statusWhen(bothServe)
    expect((await rig.get('/readyz')).status).toBe(200)
  })
})

describe('workers that are killed', () => {
  it('a killed worker is counted, keeps nobody waiting, and its counts stay', async () => {
    rig = await WorkersRig.start(folder)
    for (let i = 0; i < CLIENTS; i++) await rig.join()
    const before = await rig.status()
    expect(before).toMatchObject({ workerDeaths: 0, listeners: [{ accepted: CLIENTS }] })
    const killed = before.processes[0]!.pid
    const counts: ProxyStatus[] = []
    const replaced = rig.killOne(killed)
    await rig.statusWhen((status) => {
      counts.push(status)
      return status.workerDeaths === 1 && bothServe(status)
    })
    await replaced
    for (const { listeners, clusters, connections, cpuSeconds } of counts) {
      expect(listeners[0]!.accepted).toBe(CLIENTS)
      expect(clusters[0]!.backends[0]!.connections).toBe(CLIENTS)
      expect(connections.bytesUp).toBe(5 * CLIENTS)
      expect(cpuSeconds).toBeGreaterThanOrEqual(before.cpuSeconds)
    }
    expect(counts.at(-1)!.connections.active).toBeLessThan(CLIENTS)
    expect(counts.at(-1)!.startedAt).toBe(before.startedAt)
    expect((await rig.get('/metrics')).text).toMatch(/^millrace_worker_deaths_total 1$/m)
  })

  it('/readyz answers 503 from the death of a worker until another one serves', async () => {
    rig = await WorkersRig.start(folder)
    expect(await rig.get('/readyz')).toEqual({ status: 200, text: 'ready\n' })
    const newcomer = await rig.killOneAndHold()
    expect(await rig.get('/readyz')).toEqual({ status: 503, text: '1 of 2 workers serve\n' })
    process.kill(newcomer, 'SIGCONT')
    await rig.statusWhen(bothServe)
    expect(await rig.get('/readyz')).toEqual({ status: 200, text: 'ready\n' })
  })

  it('a killed worker is replaced by one with the config of a reload meanwhile', async () => {
    rig = await WorkersRig.start(folder)
    const newcomer = await rig.killOneAndHold()
    const reloaded = await rig.reload({ listeners: [{ ...front, cluster: 'b' }] })
    expect(reloaded).toEqual({ changed: ['listeners.front'], needsRestart: [] })
    process.kill(newcomer, 'SIGCONT')
    await rig.statusWhen(bothServe)
    for (let i = 0; i < CLIENTS; i++) await rig.join()
    expect(rig.backends.map(({ peers }) => peers.length)).toEqual([0, CLIENTS])
  })

  it('a killed worker is replaced by one with the same orders, until a reload ends those that it replaces', async () => {
    const other = { name: 'other', address: '127.0.0.1:0', cluster: 'b' }
    const listeners = [front, other]
    rig = await WorkersRig.start(folder, { listeners })
    const [a, b] = rig.backends.map(({ address }) => address)
    await rig.admin.ask('PATCH', `/api/v1/clusters/a/backends/${a}`, { state: 'maint', weight: 7 })
    await rig.admin.ask('POST', '/api/v1/drain', { cluster: 'b' }, true)
    await rig.admin.ask('POST', '/api/v1/drain', { listener: 'other' }, true)
    await rig.admin.ask('PUT', '/api/v1/log/level', { level: 'warn' })
    for (const pid of rig.workerPids()) await rig.killOne(pid)
    const ordered = {
      workersDiffer: [],
      logLevel: 'warn',
      listeners: [{ isListening: true }, { name: 'other', isListening: false }],
      clusters: [
        { backends: [{ address: a, setTo: 'maint', weight: 7 }] },
        { backends: [{ address: b, setTo: 'drain' }] },
      ],
    }
    expect(await rig.statusWhen(bothServe)).toMatchObject(ordered)
    expect((await rig.get('/readyz')).status).toBe(200)
    const clusters = { ...rig.config().clusters, a: { backends: [{ address: a, weight: 3 }] } }
    await rig.reload({ listeners, clusters, log: { level: 'error' } })
    for (const pid of rig.workerPids()) await rig.killOne(pid)
    expect(await rig.statusWhen(bothServe)).toMatchObject({
      workersDiffer: [],
      logLevel: 'error',
      listeners: [{ isListening: true }, { isListening: false }],
      clusters: [{ backends: [{ setTo: 'maint', weight: 3 }] }, { backends: [{ setTo: 'drain' }] }],
    })
  })
})

const portOf = ({ listeners }: ProxyStatus): number => Number(listeners[0]!.address.split(':').at(-1))
