/** A signal gives up a start, a reload and the wait for a drain of a library proxy. */
import { getEventListeners, once } from 'node:events'
import { existsSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { parseAddress, type TcpAddress } from '../../src/address.js'
import { createProxy, type Proxy, type ProxyConfig } from '../../src/index.js'
import { temporaryFolder } from '../support/folder.js'
import { turns, until } from '../support/wait.js'

const folder = temporaryFolder()
const config = {
  listeners: [{ name: 'front', address: '127.0.0.1:0', cluster: 'back' }],
  clusters: { back: { backends: ['127.0.0.1:1'] } },
  log: { level: 'silent' },
} as const satisfies ProxyConfig
const more: ProxyConfig = {
  ...config,
  listeners: [...config.listeners, { name: 'new', address: '127.0.0.1:0', cluster: 'back' }],
}

const proxies: Proxy[] = []
afterEach(() => Promise.all(proxies.splice(0).map((proxy) => proxy.stop())))
function made(): Proxy {
  const proxy = createProxy(config)
  proxies.push(proxy)
  return proxy
}
async function running(): Promise<Proxy> {
  const proxy = made()
  await proxy.start()
  return proxy
}
const portOf = (proxy: Proxy): number =>
  (parseAddress(proxy.status().listeners[0]?.address ?? '') as TcpAddress).port
const listenersOf = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length

describe('the signal of start()', () => {
  it('closes what was opened and rejects with its reason, and the proxy can start again', async () => {
    const controller = new AbortController()
    const proxy = made()
    const started = proxy.start({ signal: controller.signal })
    await Promise.resolve()
    controller.abort('given up')
    await expect(started).rejects.toBe('given up')
    expect(proxy.status()).toMatchObject({ state: 'new', listeners: [{ isListening: false }] })
    expect(listenersOf(controller.signal)).toBe(0)
    await proxy.start()
    expect(proxy.status().state).toBe('running')
  })

  it('that has aborted before opens nothing', async () => {
    const proxy = made()
    await expect(proxy.start({ signal: AbortSignal.abort('before') })).rejects.toBe('before')
    expect(proxy.status().state).toBe('new')
  })

  it('does nothing after the start, and nothing to a proxy that another call has started', async () => {
    const controller = new AbortController()
    const proxy = made()
    await proxy.start({ signal: controller.signal })
    expect(listenersOf(controller.signal)).toBe(0)
    const again = proxy.start({ signal: controller.signal })
    controller.abort()
    await expect(again).rejects.toMatchObject({ code: 'wrong-state' })
    expect(proxy.status().state).toBe('running')
  })
})

it.each(Array.from({ length: 10 }, (_, count) => count))(
  'start() that is given up after %i turns leaves no admin socket, and can be called again',
  async (count) => {
    const path = `${folder}/${count}.sock`
    const proxy = createProxy({ ...config, admin: `unix:${path}`, log: { file: `${folder}/log` } })
    const controller = new AbortController()
    const started = proxy.start({ signal: controller.signal }).catch((reason: unknown) => reason)
    await turns(count)
    controller.abort('given up')
    if ((await started) === 'given up') {
      expect([existsSync(path), proxy.status().state]).toEqual([false, 'new'])
      await proxy.start()
    }
    expect([existsSync(path), proxy.status().state]).toEqual([true, 'running'])
    await proxy.stop()
    expect(existsSync(path)).toBe(false)
  },
)

describe('the signal of reload()', () => {
  it('gives up a reload that has not been taken up, and nothing has changed', async () => {
    const controller = new AbortController()
    const proxy = await running()
    const reloaded = proxy.reload(more, { signal: controller.signal })
    await Promise.resolve()
    controller.abort('given up')
    await expect(reloaded).rejects.toBe('given up')
    expect(proxy.status()).toMatchObject({ listeners: [{ name: 'front', isListening: true }] })
    expect(proxy.status().listeners).toHaveLength(1)
    await proxy.reload(more, { signal: new AbortController().signal })
    expect(proxy.status().listeners).toHaveLength(2)
  })

  it('gives up a reload that waits for another one', async () => {
    const controller = new AbortController()
    const proxy = await running()
    const first = proxy.reload(more)
    const second = proxy.reload(config, { signal: controller.signal })
    controller.abort('given up')
    await first
    await expect(second).rejects.toBe('given up')
    expect(proxy.status().listeners).toHaveLength(2)
  })
})

describe('the signal of drain()', () => {
  it('ends the wait, and the drain goes on', async () => {
    const held = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1')
    await once(held, 'listening')
    const proxy = await running()
    await proxy.reload({
      ...config,
      clusters: { back: { backends: [`127.0.0.1:${(held.address() as AddressInfo).port}`] } },
    })
    const client = connect(portOf(proxy), '127.0.0.1').on('error', () => {})
    await until(() => proxy.status().listeners[0]?.active === 1)
    const controller = new AbortController()
    const drained = proxy.drain({ listener: 'front', deadlineMs: 60_000, signal: controller.signal })
    controller.abort('enough')
    await expect(drained).rejects.toBe('enough')
    expect(listenersOf(controller.signal)).toBe(0)
    expect(proxy.status().drains).toMatchObject([{ scope: { listener: 'front' }, left: 1 }])
    const closed = new Promise((resolve) => client.on('close', resolve))
    await proxy.stop()
    await closed
    held.close()
  })

  it('that has aborted before drains nothing', async () => {
    const proxy = await running()
    await expect(proxy.drain({ signal: AbortSignal.abort('before') })).rejects.toBe('before')
    expect(proxy.status().state).toBe('running')
  })

  it('leaves nothing on the signal after the drain', async () => {
    const { signal } = new AbortController()
    const proxy = await running()
    expect(await proxy.drain({ signal })).toMatchObject({ cut: 0 })
    expect(listenersOf(signal)).toBe(0)
  })
})
