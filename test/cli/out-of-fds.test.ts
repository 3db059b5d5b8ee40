/**
 * millrace when it has run out of file descriptors. It waits instead of spinning, keeps every client that it can keep,
 * and goes on as soon as it has fds again. `prlimit` leaves the process exactly as many fds as a test says.
 */
import { readdirSync, readlinkSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sleepsForMs } from '../support/asleep.js'
import { Backend } from '../support/backend.js'
import { pattern } from '../support/bytes.js'
import { temporaryFolder } from '../support/folder.js'
import { listeningPort, Millrace, writeConfig } from '../support/millrace.js'
import { connectTo, type Peer } from '../support/peer.js'
import { areMissing, run } from '../support/programs.js'
import { until } from '../support/wait.js'

const PLENTY = 1000
/** The addon keeps so many fds back for operators, but at most a quarter of all. */
const RESERVE = 32
/** Half of the pause that millrace makes in accepting when it has no fds. */
const HALF_PAUSE_MS = 50

const folder = temporaryFolder()

describe.skipIf(areMissing('prlimit')).each([
  ['with the addon', undefined],
  ['with native off', 'off'],
] as const)('the command %s', (_, native) => {
  let backend: Backend
  let millrace: Millrace
  let port: number
  let clients: Peer[]

  beforeEach(async () => {
    clients = []
    backend = (await Backend.listen()).echo()
    const config = writeConfig(folder, {
      splice: 'on',
      listeners: [{ address: '127.0.0.1:0', cluster: 'only' }],
      clusters: { only: { backends: [backend.address] } },
      timeouts: { connectMs: 300 },
      admin: false,
    })
    millrace = new Millrace(['--config', config], { native })
    port = await listeningPort(millrace)
  })
  afterEach(async () => {
    await millrace.program.kill()
    for (const { socket } of clients) socket.destroy()
    await backend.close()
  })

  /** Serves one connection. It loads the modules that are loaded late, and leaves a kernel pipe for the next. */
  async function warmUp(): Promise<void> {
    const before = socketsOf(millrace.program.pid)
    await expectServed(await connect())
    // The record is written before the sockets are closed, and closing sends no event.
    await until(() => socketsOf(millrace.program.pid) === before)
  }

  async function connect(): Promise<Peer> {
    const client = await connectTo({ kind: 'tcp', host: '127.0.0.1', port })
    clients.push(client)
    return client
  }

  async function expectServed(client: Peer): Promise<void> {
    client.send(pattern(1, 100_000))
    client.end()
    expect(await client.ended).toBe('fin')
    expect(client.received.equals(client.sent)).toBe(true)
  }

  /** Sets the limit so that the process can open `free` more fds. */
  async function leave(free: number): Promise<void> {
    const taken = new Set(readdirSync(`/proc/${millrace.program.pid}/fd`).map(Number))
    let limit = 0
    for (let left = free; left > 0 || taken.has(limit); limit++) if (!taken.has(limit)) left--
    await limitTo(withReserve(free === 0 ? lowestFree(taken) : limit))
  }

  /** The limit with which clients and backends can have only fds below `first`. */
  function withReserve(first: number): number {
    return native === 'off' ? first : Math.min(first + RESERVE, Math.floor((first * 4) / 3))
  }

  async function limitTo(fds: number): Promise<void> {
    const args = ['--pid', String(millrace.program.pid), `--nofile=${fds}:`]
    expect(await run('prlimit', args)).toMatchObject({ code: 0, stderr: '' })
  }

  it('millrace without an fd for a client does not spin, and serves clients once it has fds again', async () => {
    await warmUp()
    await leave(0)
    const client = await connect()
    if (native === undefined) {
      const told = await millrace.logged(({ msg }) => msg.startsWith('accepting pauses'))
      expect(told).toMatchObject({ level: 40, errno: 'EMFILE' })
      await until(() => sleepsForMs(millrace.program.pid) >= HALF_PAUSE_MS)
      await limitTo(PLENTY)
      await expectServed(client)
      await millrace.records(2)
    } else {
      // libuv closes clients while it has no fd for them.
      await client.ended
      await limitTo(PLENTY)
    }
    await expectServed(await connect())
  })

  it('millrace without an fd for a backend waits up to connectMs and then resets the client', async () => {
    await warmUp()
    await leave(1)
    const client = await connect()
    expect(await client.ended).toBe('ECONNRESET')
    const records = await millrace.records(2)
    expect(records[1]).toMatchObject({ termination: 'RC', backend: backend.address })
    const cause = { by: 'proxy', phase: 'connect', cause: 'out-of-resources', errno: 'EMFILE' }
    expect(records[1]!.ended).toEqual(cause)
    await limitTo(PLENTY)
    await expectServed(await connect())
    expect((await millrace.records(3))[2]).toMatchObject({ termination: '--', retries: 0 })
  })

  it('millrace that gets an fd for a backend within connectMs serves the client', async () => {
    await warmUp()
    await leave(1)
    const client = await connect()
    await limitTo(PLENTY)
    await expectServed(client)
    expect((await millrace.records(2))[1]).toMatchObject({ termination: '--', retries: 0 })
  })

  if (native === 'off') return

  it('millrace without fds for a kernel pipe copies and logs why', async () => {
    await leave(2)
    await expectServed(await connect())
    const record = (await millrace.records(1))[0]
    expect(record).toMatchObject({ termination: '--', notSplicing: 'fd-limit', splicedUp: 0, splicedDown: 0 })
    const told = await millrace.logged(({ msg }) => msg.startsWith('copying instead of splicing'))
    expect(told).toMatchObject({ level: 40, notSplicing: 'fd-limit' })
  })
})

function socketsOf(pid: number): number {
  const isSocket = (fd: string): boolean => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith('socket:')
    } catch {
      return false // The process has closed it meanwhile.
    }
  }
  return readdirSync(`/proc/${pid}/fd`).filter(isSocket).length
}

function lowestFree(taken: ReadonlySet<number>): number {
  let fd = 0
  while (taken.has(fd)) fd++
  return fd
}
