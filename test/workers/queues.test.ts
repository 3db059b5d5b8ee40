/** Clients that wait to be accepted belong to no worker. They are served whatever happens to workers. */
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { Address } from '../../src/address.js'
import { temporaryFolder } from '../support/folder.js'
import { connectTo, type Peer } from '../support/peer.js'
import { freePort } from '../support/programs.js'
import { until } from '../support/wait.js'
import { bothServe, WorkersRig } from './rig.js'

const CLIENTS = 60
const folder = temporaryFolder()
const front = { name: 'front', address: '127.0.0.1:0', cluster: 'a' }

describe.each([
  ['with the addon', undefined],
  ['with native off', 'off'],
] as const)('clients of two workers %s', (_, native) => {
  let rig: WorkersRig
  const clients: Peer[] = []
  afterEach(async () => {
    for (const { socket } of clients.splice(0)) socket.destroy()
    await rig.end()
  })

  /** Connects clients that send hello, accepted or not. */
  async function come(address: Address, count = CLIENTS): Promise<void> {
    const comers = Array.from({ length: count }, async () => {
      const client = await connectTo(address)
      clients.push(client)
      client.send(Buffer.from('hello'))
    })
    await Promise.all(comers)
  }

  const served = () => Promise.all(clients.map((client) => client.receive(5)))
  const at = (port: number): Address => ({ kind: 'tcp', host: '127.0.0.1', port })
  const stop = (pids: readonly number[]): void => {
    for (const pid of pids) process.kill(pid, 'SIGSTOP')
  }
  const kill = (pids: readonly number[]): void => {
    for (const pid of pids) process.kill(pid, 'SIGKILL')
  }

  it('clients that wait for a stopped worker are served by the next one after its death', async () => {
    rig = await WorkersRig.start(folder, {}, native)
    const stopped = rig.workerPids().slice(0, 1)
    stop(stopped)
    await come(at(rig.port))
    kill(stopped)
    await served()
  })

  it('clients are served after all workers were stopped and killed, and none is refused meanwhile', async () => {
    rig = await WorkersRig.start(folder, {}, native)
    const all = rig.workerPids()
    stop(all)
    await come(at(rig.port))
    kill(all)
    for (let i = 0; i < CLIENTS; i++) await come(at(rig.port), 1)
    await served()
  })

  it('clients of a unix socket are served by the next worker, and the file is removed at the end', async () => {
    const path = join(folder, `local-${native}`)
    const local = { name: 'local', address: `unix:${path}`, cluster: 'b' }
    rig = await WorkersRig.start(folder, { listeners: [front, local] }, native)
    const all = rig.workerPids()
    stop(all)
    await come({ kind: 'unix', path })
    kill(all)
    await served()
    for (const { socket } of clients.splice(0)) socket.destroy()
    expect(await rig.millrace.stop()).toEqual({ code: 0, signal: null })
    await expect(connectTo({ kind: 'unix', path })).rejects.toThrow('ENOENT')
  })

  it('clients of a listener that a reload has added are served until a reload removes it', async () => {
    rig = await WorkersRig.start(folder, {}, native)
    const [port, path] = [await freePort(), join(folder, `added-${native}`)]
    const added = { name: 'added', address: `127.0.0.1:${port}`, cluster: 'b' }
    const local = { name: 'local', address: `unix:${path}`, cluster: 'b' }
    await rig.reload({ listeners: [front, added, local] })
    const all = rig.workerPids()
    stop(all)
    await come(at(port))
    await come({ kind: 'unix', path })
    kill(all)
    await served()
    await rig.statusWhen(bothServe)
    await rig.reload({ listeners: [front] })
    await expect(connectTo(at(port))).rejects.toThrow('ECONNREFUSED')
    await expect(connectTo({ kind: 'unix', path })).rejects.toThrow('ENOENT')
    await rig.join()
  })

  it('clients of a drained listener are refused, also by new workers, after a reload too, until an operator opens it', async () => {
    const port = await freePort()
    const added = { name: 'added', address: `127.0.0.1:${port}`, cluster: 'b' }
    rig = await WorkersRig.start(folder, { listeners: [front, added] }, native)
    await rig.admin.ask('POST', '/api/v1/drain', { listener: 'added' }, true)
    await expect(connectTo(at(port))).rejects.toThrow('ECONNREFUSED')
    for (const pid of rig.workerPids()) await rig.killOne(pid)
    await rig.statusWhen(bothServe)
    await expect(connectTo(at(port))).rejects.toThrow('ECONNREFUSED')
    await rig.reload({ listeners: [front, added], timeouts: { idleMs: '1h' } })
    await expect(connectTo(at(port))).rejects.toThrow('ECONNREFUSED')
    expect(await rig.admin.ask('PATCH', '/api/v1/listeners/added', { state: 'up' })).toMatchObject({
      address: `127.0.0.1:${port}`,
      isListening: true,
    })
    await come(at(port))
    await served()
  })

  it('clients are served by the other worker while one cannot start, also at a new listener', async () => {
    const logs = join(folder, `logs-${native}`)
    mkdirSync(logs)
    const log = { file: join(logs, 'millrace.log') }
    rig = await WorkersRig.begin(folder, { log }, native)
    await until(() => existsSync(log.file) && readFileSync(log.file, 'utf8').includes('admin on'))
    const listening = await rig.statusWhen(bothServe)
    const first = at(Number(listening.listeners[0]!.address.split(':').at(-1)))
    renameSync(logs, `${logs}-away`)
    process.kill(rig.workerPids()[0]!, 'SIGKILL')
    await rig.statusWhen(({ workerDeaths }) => workerDeaths >= 3)
    await come(first)
    await served()
    const port = await freePort()
    const added = { name: 'added', address: `127.0.0.1:${port}`, cluster: 'b' }
    renameSync(`${logs}-away`, logs)
    await rig.reload({ log, listeners: [front, added] })
    await come(at(port))
    await served()
    await rig.statusWhen(bothServe)
    for (const address of [first, at(port)]) await come(address)
    await served()
    expect((await rig.status()).processes).toHaveLength(2)
  })

  it('clients are served after a worker has not answered for workerHangMs, and the log says so', async () => {
    rig = await WorkersRig.start(folder, { workerHangMs: 500 }, native)
    const [stopped] = rig.workerPids()
    stop([stopped!])
    await come(at(rig.port))
    await served()
    if (native !== 'off') await rig.millrace.logged(({ msg }) => msg.startsWith('a worker has not answered'))
    const { workerDeaths } = await rig.statusWhen((status) => bothServe(status) && status.workerDeaths === 1)
    expect(workerDeaths).toBe(1)
    expect(rig.workerPids()).not.toContain(stopped)
  })

  it('clients wait as long as a worker is stopped if workerHangMs is 0', async () => {
    rig = await WorkersRig.start(folder, { workerHangMs: 0 }, native)
    const all = rig.workerPids()
    stop(all)
    await come(at(rig.port))
    for (const pid of all) process.kill(pid, 'SIGCONT')
    await served()
    expect(rig.workerPids()).toEqual(all)
  })
})
