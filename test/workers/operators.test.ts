/** Several workers are one proxy to operators: figures are of all workers, and orders and reloads reach all. */
import { writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AdminClient } from '../../src/command/client.js'
import type { ProxyConfig } from '../../src/config/input.js'
import type { ConnectionList } from '../../src/control/answers.js'
import type { ProxyStatus } from '../../src/observe/status.js'
import { Backend } from '../support/backend.js'
import { temporaryFolder } from '../support/folder.js'
import { type Millrace, startWith } from '../support/millrace.js'
import { connectTo, type Peer } from '../support/peer.js'
import { until } from '../support/wait.js'

const CLIENTS = 40

describe.each([
  ['with the addon', undefined],
  ['with native off', 'off'],
] as const)('two workers %s', (_, native) => {
  const folder = temporaryFolder()
  let backends: Backend[]
  let millrace: Millrace
  let file: string
  let port: number
  let admin: AdminClient
  let clients: Peer[]

  const config = (cluster: string): ProxyConfig => ({
    workers: 2,
    listeners: [{ name: 'front', address: '127.0.0.1:0', cluster }],
    clusters: { a: { backends: [backends[0]!.address] }, b: { backends: [backends[1]!.address] } },
    admin: `unix:${folder}/admin.sock`,
  })

  beforeEach(async () => {
    clients = []
    backends = [(await Backend.listen()).echo(), (await Backend.listen()).echo()]
    const started = await startWith(folder, config('a'), { splice: 'auto', native })
    millrace = started.millrace
    file = started.file
    port = started.ports.front!
    await millrace.logged(({ msg }) => msg.startsWith('admin on'))
    admin = new AdminClient({ address: { kind: 'unix', path: `${folder}/admin.sock` }, token: undefined })
  })
  afterEach(async () => {
    for (const { socket } of clients) socket.destroy()
    await millrace.program.kill()
    await Promise.all(backends.map((backend) => backend.close()))
  })

  async function join(): Promise<Peer> {
    const client = await connectTo({ kind: 'tcp', host: '127.0.0.1', port })
    clients.push(client)
    client.send(Buffer.from('hello'))
    await client.receive(5)
    return client
  }
  const status = async () => (await admin.ask('GET', '/api/v1/status')) as ProxyStatus

  it('connections of two workers are counted, listed and killed as those of one proxy', async () => {
    for (let i = 0; i < CLIENTS; i++) await join()
    const all = await status()
    expect(all).toMatchObject({
      state: 'running',
      workers: 2,
      connections: { active: CLIENTS, bytesUp: 5 * CLIENTS },
      listeners: [{ name: 'front', accepted: CLIENTS }],
      clusters: [{ name: 'a', backends: [{ active: CLIENTS }] }, { name: 'b' }],
    })
    expect(new Set(all.processes.map(({ pid }) => pid)).size).toBe(2)
    const list = (await admin.ask('GET', '/api/v1/connections?limit=30&sort=age')) as ConnectionList
    expect(list).toMatchObject({ matched: CLIENTS, connections: { length: 30 } })
    const ages = list.connections.map(({ ageMs }) => ageMs)
    expect(ages).toEqual([...ages].sort((x, y) => y - x))
    const { id } = list.connections[0]!
    expect(await admin.ask('PUT', `/api/v1/connections/${id}/limit`, { up: 4096 })).toEqual({ id })
    await expect(admin.ask('PUT', '/api/v1/connections/none/limit', { up: 4096 })).rejects.toThrow(
      'no connection',
    )
    expect(await admin.ask('DELETE', `/api/v1/connections/${id}`)).toEqual({ killed: 1 })
    await expect(admin.ask('DELETE', `/api/v1/connections/${id}`)).rejects.toThrow('no connection')
    const left = { killed: CLIENTS - 1 }
    expect(await admin.ask('POST', '/api/v1/connections/kill', { all: true })).toEqual(left)
  })

  it('two workers reload together on the same port, and keep the old config if the new one is bad', async () => {
    const early = await join()
    writeFileSync(file, JSON.stringify({ splice: 'auto', ...config('b') }))
    expect(await admin.ask('POST', '/api/v1/reload')).toMatchObject({ changed: ['listeners.front'] })
    for (let i = 0; i < CLIENTS; i++) await join()
    expect(backends.map(({ peers }) => peers.length)).toEqual([1, CLIENTS])
    early.send(Buffer.from('still'))
    await early.receive(10)
    writeFileSync(file, '{ "nonsense": 1 }')
    await expect(admin.ask('POST', '/api/v1/reload')).rejects.toMatchObject({ code: 'config-invalid' })
    await join()
    expect(await status()).toMatchObject({ config: { reloads: 1 }, state: 'running' })
  })

  it('a drain of everything is answered at once, and all processes end with the last connection', async () => {
    const [early, late] = [await join(), await join()]
    const drained = await admin.ask('POST', '/api/v1/drain', { all: true }, true)
    expect(drained).toEqual({ finished: 0, closed: 0, cut: 0, left: 2 })
    await expect(admin.ask('POST', '/api/v1/reload')).rejects.toThrow('this proxy is draining')
    early.end()
    late.send(Buffer.from('still'))
    await late.receive(10)
    late.end()
    expect(await millrace.program.exited).toEqual({ code: 0, signal: null })
  })

  it('two workers drain together, and a bad drain order ends no connection', async () => {
    await join()
    const drain = (order: object) => admin.ask('POST', '/api/v1/drain', order, true)
    await expect(drain({ backend: 'x:1' })).rejects.toThrow('needs its cluster')
    await expect(drain({ all: true, deadlineMs: 1, spreadMs: 2 })).rejects.toThrow('longer than the deadline')
    expect(await drain({ cluster: 'a', deadlineMs: 20 })).toEqual({ finished: 0, closed: 1, cut: 0 })
    const [first] = (await status()).processes
    process.kill(first!.pid, 'SIGKILL')
    await millrace.logged(({ msg }) => msg === 'a worker died and is replaced')
    await until(() => millrace.lines.filter(({ msg }) => msg.startsWith('listening on')).length === 3)
    expect(await drain({ all: true, deadlineMs: 20 })).toEqual({ finished: 0, closed: 0, cut: 0 })
    expect(await millrace.program.exited).toEqual({ code: 0, signal: null })
  })
})
