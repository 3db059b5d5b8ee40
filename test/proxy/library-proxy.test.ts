/** What a proxy inside a program has beside one of the command: its admin address, and its functions. */

import { once } from 'node:events'
import { existsSync, mkdirSync } from 'node:fs'
import { request } from 'node:http'
import { type AddressInfo, connect, createServer } from 'node:net'
import { expect, it, vi } from 'vitest'
import { parseAddress, type TcpAddress } from '../../src/address.js'
import { createProxy } from '../../src/proxy/library-proxy.js'
import { temporaryFolder } from '../support/folder.js'
import { until } from '../support/wait.js'

const folder = temporaryFolder()
const socketPath = `${folder}/admin.sock`
const config = {
  listeners: [{ name: 'front', address: '127.0.0.1:0', cluster: 'back' }],
  clusters: { back: { backends: ['127.0.0.1:1'] } },
  admin: `unix:${socketPath}`,
  log: { level: 'silent' },
} as const

async function ask(method: string, path: string, body?: object): Promise<{ status: number; text: string }> {
  const headers = { host: 'localhost', 'content-type': 'application/json' }
  const sent = request({ socketPath, method, path, headers, agent: false })
  sent.end(body && JSON.stringify(body))
  const [response] = await once(sent, 'response')
  return { status: response.statusCode, text: Buffer.concat(await response.toArray()).toString() }
}

it('the admin address of a library proxy opens with the proxy and closes with it', async () => {
  const proxy = createProxy(config)
  expect(existsSync(socketPath)).toBe(false)
  await proxy.start()
  expect(await ask('GET', '/readyz')).toEqual({ status: 200, text: 'ready\n' })
  expect(JSON.parse((await ask('GET', '/api/v1/status')).text)).toMatchObject({ state: 'running' })
  expect(await ask('POST', '/api/v1/reload')).toMatchObject({ status: 409 })
  await proxy.stop()
  expect(existsSync(socketPath)).toBe(false)
})

it('a library proxy answers a drain order on its admin address when the drain is over', async () => {
  const proxy = createProxy(config)
  await proxy.start()
  const { status, text } = await ask('POST', '/api/v1/drain', { all: true, deadlineMs: 1000 })
  expect({ status, text }).toEqual({ status: 200, text: '{"finished":0,"closed":0,"cut":0}' })
  expect(proxy.status().state).toBe('stopped')
})

it('a library proxy whose admin address cannot be opened does not start, and starts once it can', async () => {
  const proxy = createProxy({ ...config, admin: `unix:${folder}/later/admin.sock` })
  await expect(proxy.start()).rejects.toMatchObject({ code: 'listen-failed', retryable: true })
  expect(proxy.status()).toMatchObject({ state: 'new', listeners: [{ isListening: false }] })
  mkdirSync(`${folder}/later`)
  await proxy.start()
  expect(proxy.status()).toMatchObject({ state: 'running', listeners: [{ isListening: true }] })
  await proxy.stop()
})

it('a library proxy whose port is taken starts once it is free, and serves', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  const echo = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1')
  await once(echo, 'listening')
  const proxy = createProxy({
    listeners: [{ address: `127.0.0.1:${port}`, cluster: 'back' }],
    clusters: { back: { backends: [`127.0.0.1:${(echo.address() as AddressInfo).port}`] } },
    log: { level: 'silent' },
  })
  for (const _ of [1, 2])
    await expect(proxy.start()).rejects.toMatchObject({ code: 'listen-failed', retryable: true })
  other.close()
  await once(other, 'close')
  await proxy.start()
  const client = connect(port, '127.0.0.1')
  client.end('through')
  expect(Buffer.concat(await client.toArray()).toString()).toBe('through')
  await expect(proxy.start()).rejects.toMatchObject({ code: 'wrong-state', retryable: false })
  expect(proxy.status().state).toBe('running')
  await proxy.stop()
  await expect(proxy.start()).rejects.toMatchObject({ code: 'wrong-state' })
  echo.close()
})

it('a library proxy whose logger throws serves on, and counts the records that are lost', async () => {
  const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
  const boom = (): never => {
    throw new Error('boom')
  }
  const { log: _, ...logged } = config
  const proxy = createProxy(logged, { log: { info: boom, warn: boom, error: boom } })
  await proxy.start()
  const { port } = parseAddress(proxy.status().listeners[0]!.address) as TcpAddress
  for (const _ of [1, 2]) {
    const client = connect(port, '127.0.0.1').on('error', () => {})
    await new Promise((resolve) => client.on('close', resolve))
  }
  await until(() => proxy.status().records.dropped === 2)
  expect(proxy.status().records.written).toBe(0)
  expect(warned).toHaveBeenCalledTimes(1)
  warned.mockRestore()
  await proxy.stop()
})

it('a library proxy that is stopped while it starts stays stopped', async () => {
  const proxy = createProxy(config)
  const started = proxy.start()
  await proxy.stop()
  await started.catch(() => {})
  expect(proxy.status().state).toBe('stopped')
  await expect(proxy.start()).rejects.toMatchObject({ code: 'wrong-state' })
})

it('the functions of a library proxy work without the proxy', async () => {
  const { start, status, bans, drain } = createProxy(config)
  await start()
  expect(status().state).toBe('running')
  expect(await bans()).toMatchObject({ matched: 0 })
  expect(await drain({ deadlineMs: 100 })).toMatchObject({ cut: 0 })
  expect(status().state).toBe('stopped')
})

it('a program meets its connections, and a proxy that does not run has none', async () => {
  const proxy = createProxy(config)
  expect([...proxy.connections()]).toEqual([])
  await proxy.start()
  const { port } = parseAddress(proxy.status().listeners[0]!.address) as TcpAddress
  const client = connect(port, '127.0.0.1').on('error', () => {})
  await new Promise((resolve) => client.on('close', resolve))
  expect([...proxy.connections()]).toEqual([])
  await proxy.stop()
})

it('listeners and readers of a library proxy stay over a start that failed, and end with the proxy', async () => {
  const later = `${folder}/events`
  const proxy = createProxy({
    ...config,
    admin: `unix:${later}/admin.sock`,
    log: { level: 'silent', access: false },
  })
  const told: string[] = []
  const off = (): unknown => told.push('off')
  proxy.on('record', ({ id }) => told.push(id)).once('connection', ({ id }) => told.push(id))
  proxy.on('record', off).off('record', off)
  const records = proxy.records()
  await expect(proxy.start()).rejects.toMatchObject({ code: 'listen-failed' })
  mkdirSync(later)
  await proxy.start()
  const { port } = parseAddress(proxy.status().listeners[0]!.address) as TcpAddress
  const client = connect(port, '127.0.0.1').on('error', () => {})
  await new Promise((resolve) => client.on('close', resolve))
  await proxy.drain()
  const read: string[] = []
  for await (const { id } of records) read.push(id)
  expect(told).toEqual([read[0], read[0]])
})

it('a program bans clients, lists bans and ends them', async () => {
  const proxy = createProxy(config)
  await proxy.start()
  const order = { client: '192.0.2.1', forMs: 60_000, why: 'test', end: true } as const
  expect(await proxy.ban(order)).toMatchObject({ network: '192.0.2.1', killed: 0, trustedBy: [] })
  expect(await proxy.bans()).toMatchObject({ matched: 1, bans: [{ network: '192.0.2.1', why: 'test' }] })
  expect(JSON.parse((await ask('GET', '/api/v1/bans')).text)).toMatchObject({ matched: 1 })
  expect(await proxy.unban({ client: '192.0.2.1' })).toEqual({ unbanned: 1 })
  await expect(proxy.ban({ client: '0.0.0.0/0', forMs: 60_000 })).rejects.toMatchObject({
    code: 'bad-argument',
  })
  await expect(proxy.unban({ client: '192.0.2.1' })).rejects.toMatchObject({ code: 'unknown-name' })
  await proxy.stop()
})

it('`await using` stops a proxy, also one that has not started', async () => {
  const proxies = [createProxy(config), createProxy(config)]
  await proxies[0]?.start()
  for (const proxy of proxies) await proxy[Symbol.asyncDispose]()
  expect(proxies.map((proxy) => proxy.status().state)).toEqual(['stopped', 'stopped'])
  expect(existsSync(socketPath)).toBe(false)
})
