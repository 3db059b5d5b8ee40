/** Dials of a cluster with real sockets, on every engine of this machine. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket as NetSocket, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Address } from '../../src/address.js'
import { Cluster, type ClusterHooks } from '../../src/cluster/cluster.js'
import type { DialResult } from '../../src/cluster/dial.js'
import { DnsNames } from '../../src/cluster/names/dns-names.js'
import { createEngine } from '../../src/io/choose-engine.js'
import type { Engine } from '../../src/io/engine.js'
import { StreamEngine } from '../../src/io/streams/stream-engine.js'
import { until } from '../support/wait.js'
import { BALANCED, QUICK } from './cluster-rig.js'
import { ScriptedDns, SETTINGS } from './names/scripted-dns.js'
import { requestOf } from './requests.js'

const chosen = createEngine()
if (chosen.kind !== 'kernel') console.log(`not tested on the kernel engine: ${chosen.notSplicing}`)
const engines: Engine[] = [new StreamEngine('switched-off'), ...(chosen.kind === 'kernel' ? [chosen] : [])]

/** A program that listens with a queue of one connection, prints its port and then never accepts. */
const DEAF_LISTENER = `
  const server = require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    require('fs').writeSync(1, server.address().port + '\\n')
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  })`

const cleanups: (() => unknown)[] = []
let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-'))
  cleanups.push(() => rmSync(directory, { recursive: true }))
})
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** A server that accepts every client. */
async function listen(where: { port: number; host: string } | { path: string }) {
  const server: Server = createServer((socket) => {
    socket.on('error', () => {})
    socket.resume()
  })
  server.listen(where)
  await once(server, 'listening')
  cleanups.push(() => new Promise((resolve) => server.close(resolve)))
  return server
}

const tcp = (port: number, host = '127.0.0.1'): Address => ({ kind: 'tcp', host, port })
const portOf = (server: Server) => (server.address() as AddressInfo).port

async function refusedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const port = portOf(server)
  server.close()
  await once(server, 'close')
  return port
}

/** A port where connects neither succeed nor fail, because its queue is full and nobody accepts. */
async function deafPort(): Promise<number> {
  const child: ChildProcess = spawn(process.execPath, ['-e', DEAF_LISTENER], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  cleanups.push(() => {
    child.kill('SIGKILL')
    return once(child, 'exit')
  })
  const [line] = await once(child.stdout!, 'data')
  const port = Number(line)
  for (let i = 0; i < 2; i++) {
    const filler: NetSocket = connect(port, '127.0.0.1').on('error', () => {})
    cleanups.push(() => filler.destroy())
    await once(filler, 'connect')
  }
  return port
}

function clusterOf(engine: Engine, addresses: readonly Address[], hooks: ClusterHooks = {}): Cluster {
  const backends = addresses.map((address) => ({ address, weight: 1 }))
  const cluster = new Cluster('test', { ...BALANCED, health: QUICK, backends }, engine, hooks)
  cluster.start()
  cleanups.push(() => cluster.stop())
  return cluster
}

async function dial(cluster: Cluster, connectMs = 5000): Promise<DialResult> {
  const result = await new Promise<DialResult>((resolve) => cluster.dial(requestOf(connectMs), resolve))
  cleanups.push(() => result.socket?.close())
  return result
}

describe.each(engines.map((engine) => ({ kind: engine.kind, engine })))('the $kind engine', ({ engine }) => {
  test('a cluster dials its backends over IPv4, IPv6 and a unix socket in turn', async () => {
    const path = join(directory, 'app.sock')
    const servers = [
      await listen({ port: 0, host: '127.0.0.1' }),
      await listen({ port: 0, host: '::1' }),
      await listen({ path }),
    ]
    const addresses = [
      tcp(portOf(servers[0]!)),
      tcp(portOf(servers[1]!), '::1'),
      { kind: 'unix', path } as const,
    ]
    const cluster = clusterOf(engine, addresses)
    const accepted = Promise.all(servers.map((server) => once(server, 'connection')))
    for (const address of addresses) {
      expect(await dial(cluster)).toMatchObject({ address, retries: 0, socket: { isClosed: false } })
    }
    await accepted
  })

  test('a cluster dials the next backend if one refuses or has no socket file', async () => {
    const server = await listen({ port: 0, host: '127.0.0.1' })
    const missing = { kind: 'unix', path: join(directory, 'missing.sock') } as const
    const downs: (string | undefined)[] = []
    const cluster = clusterOf(engine, [tcp(await refusedPort()), missing, tcp(portOf(server))], {
      onBackendDown: ({ health }) => downs.push(health.lastError),
    })
    expect(await dial(cluster)).toMatchObject({ address: tcp(portOf(server)), retries: 2 })
    expect(await dial(cluster)).toMatchObject({ address: tcp(portOf(server)), retries: 0 })
    expect(downs).toEqual(['ECONNREFUSED', 'ENOENT'])
  })

  test('a cluster dials the next backend if one does not answer within connectMs', async () => {
    const server = await listen({ port: 0, host: '127.0.0.1' })
    const cluster = clusterOf(engine, [tcp(await deafPort()), tcp(portOf(server))])
    expect(await dial(cluster, 200)).toMatchObject({ address: tcp(portOf(server)), retries: 1 })
    expect(cluster.status().backends[0]).toMatchObject({ state: 'down', lastError: 'ETIMEDOUT' })
  })

  test('a cluster finds a backend on ::1 only by the name localhost', async () => {
    const port = portOf(await listen({ port: 0, host: '::1' }))
    expect(await dial(clusterOf(engine, [tcp(port, 'localhost')]))).toMatchObject({
      address: tcp(port, '::1'),
    })
  })

  test('a cluster dials the address that DNS gives for a host name', async () => {
    const port = portOf(await listen({ port: 0, host: '127.0.0.1' }))
    const dns = new ScriptedDns()
    const names = new DnsNames(SETTINGS, { createClient: () => dns })
    const cluster = clusterOf(engine, [tcp(port, 'app.example')], { names })
    setImmediate(() => dns.found('app.example', ['127.0.0.1']))
    expect(await dial(cluster)).toMatchObject({
      backend: { name: `app.example:${port}` },
      address: tcp(port),
    })
  })

  test.runIf(process.platform === 'linux')('a cluster whose dials are cancelled opens no fd', async () => {
    const cluster = clusterOf(engine, [tcp(await deafPort())])
    const fds = () => readdirSync('/proc/self/fd').length
    const before = fds()
    let answered = 0
    const attempts = Array.from({ length: 20 }, () =>
      cluster.dial(requestOf(5000), () => {
        answered += 1
      }),
    )
    await until(() => fds() === before + attempts.length)
    for (const attempt of attempts) attempt.cancel()
    await until(() => fds() === before)
    expect(answered).toBe(0)
  })
})
