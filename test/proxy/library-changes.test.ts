/** What a program adds to its running proxy, and removes again. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { parseAddress, type TcpAddress } from '../../src/address.js'
import { createProxy, type Proxy, type ProxyConfig } from '../../src/index.js'

describe.each(['', 'off'])('with MILLRACE_NATIVE %j', (native) => {
  const servers: Server[] = []
  let one: string
  let two: string
  let config: ProxyConfig
  let proxy: Proxy

  async function serve(greeting: string): Promise<string> {
    const server = createServer((socket) => socket.on('error', () => {}).end(greeting)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    servers.push(server)
    return `127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  async function read(address: string): Promise<string> {
    const { host, port } = parseAddress(address) as TcpAddress
    const client = connect(port, host)
    const code = new Promise<string>((resolve) =>
      client.on('error', (error) => resolve(String(Reflect.get(error, 'code')))),
    )
    const text = client.toArray().then((chunks) => Buffer.concat(chunks).toString())
    client.end()
    return await Promise.race([text.catch(() => code), code])
  }

  beforeAll(async () => {
    vi.stubEnv('MILLRACE_NATIVE', native)
    one = await serve('one')
    two = await serve('two')
    config = {
      listeners: [{ name: 'front', address: '127.0.0.1:0', cluster: 'app' }],
      clusters: { app: { backends: [one] } },
      log: { level: 'silent' },
    }
  })
  beforeEach(async () => {
    proxy = createProxy(config)
    await proxy.start()
  })
  afterEach(() => proxy.stop())
  afterAll(() => {
    vi.unstubAllEnvs()
    for (const server of servers) server.close()
  })

  it('a program opens a listener with a route function, and closes it', async () => {
    const { name, address, close } = await proxy.listen({
      address: '127.0.0.1:0',
      route: () => ({ backend: two }),
    })
    expect(await read(address)).toBe('two')
    expect(proxy.status().listeners.map((each) => [each.name, each.address])).toContainEqual([name, address])
    expect(proxy.status().config).toMatchObject({ changes: 1 })
    expect(await close()).toBe(true)
    expect(await read(address)).toBe('ECONNREFUSED')
    expect(await close()).toBe(false)
    expect(proxy.status()).toMatchObject({ listeners: [{ name: 'front' }], config: { changes: 0 } })
  })

  it('listeners at port 0 have names of their own, and all can be opened at the same time', async () => {
    const opened = await Promise.all(
      Array.from({ length: 20 }, () => proxy.listen({ address: '127.0.0.1:0', cluster: 'app' })),
    )
    expect(new Set(opened.map(({ name }) => name)).size).toBe(20)
    expect(new Set(opened.map(({ address }) => address)).size).toBe(20)
    expect(await read(opened[19]!.address)).toBe('one')
    expect(await Promise.all(opened.map(({ close }) => close()))).toEqual(Array(20).fill(true))
  })

  it('the close of a listener does not close another one that has its name by now', async () => {
    const spec = { name: 'tunnel', address: '127.0.0.1:0', cluster: 'app' } as const
    const first = await proxy.listen(spec)
    await expect(proxy.listen(spec)).rejects.toMatchObject({ code: 'wrong-state' })
    await first.close()
    const second = await proxy.listen(spec)
    expect(await first.close()).toBe(false)
    expect(await read(second.address)).toBe('one')
  })

  it('a listener that cannot be opened changes nothing, and says why', async () => {
    const bad = { name: 'bad', address: '127.0.0.1:0', cluster: 'ap', colour: 1 }
    const error = await proxy.listen(bad as never).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'config-invalid', problems: [{}, {}] })
    await expect(proxy.listen(undefined as never)).rejects.toMatchObject({ code: 'config-invalid' })
    await expect(proxy.listen({ address: one, cluster: 'app' })).rejects.toMatchObject({
      code: /listen-failed|config-invalid/,
    })
    expect(proxy.status().listeners).toHaveLength(1)
    await proxy.listen({ name: 'bad', address: '127.0.0.1:0', cluster: 'app' })
  })

  it('a program adds a backend, and removes one', async () => {
    const { add, remove } = proxy.cluster('app')
    const { address } = proxy.status().listeners[0]!
    expect(await add({ address: two, weight: 2 })).toEqual({
      done: [`add backend app/${two}`],
      unchanged: [],
    })
    expect(await add({ address: two, weight: 2 })).toMatchObject({ done: [], unchanged: [expect.anything()] })
    await expect(add(two)).rejects.toMatchObject({ code: 'wrong-state' })
    await expect(add({ address: two, wait: 1 } as never)).rejects.toMatchObject({
      code: expect.stringMatching(/wrong-state|config-invalid/),
    })
    await remove(one, { end: true })
    expect(await read(address)).toBe('two')
    await expect(remove(one)).rejects.toMatchObject({ code: 'unknown-name' })
    await expect(remove(two)).rejects.toMatchObject({ code: 'config-invalid' })
    await expect(proxy.cluster('ap').add(two)).rejects.toMatchObject({ code: 'unknown-name' })
  })

  it.each<[(of: Proxy) => unknown, string]>([
    [(of) => of.cluster(5 as never), 'cluster: cluster: expected the name of a cluster, found 5'],
    [
      (of) => of.cluster('app').remove(5 as never),
      'remove: address: expected the address of a backend, found 5',
    ],
    [(of) => of.cluster('app').remove('x:1', { and: 1 } as never), 'remove: options.and: is no option'],
  ])('%s is refused', async (call, message) => {
    await expect((async () => call(proxy))()).rejects.toMatchObject({
      code: 'bad-argument',
      message: expect.stringContaining(message),
    })
  })

  it.each([
    [{ addresses: ['127.0.0.1:0', '127.0.0.1:0'] }, 'listen: listener.addresses: expected one address'],
    [{ address: '127.0.0.1:5000-5001' }, 'listen: listener.address: expected one address'],
  ])('a listener with %j is refused, because it has one address', async (place, message) => {
    await expect(proxy.listen({ ...place, cluster: 'app' })).rejects.toMatchObject({
      code: 'bad-argument',
      message: expect.stringContaining(message),
    })
  })

  it('a listener that cannot be read is refused, and the last one of a proxy cannot be closed', async () => {
    const broken = new Proxy({}, { ownKeys: () => expect.unreachable('no key') })
    await expect(proxy.listen(broken as never)).rejects.toMatchObject({ code: 'bad-argument' })
    const { close } = await proxy.listen({ name: 'front2', address: '127.0.0.1:0', cluster: 'app' })
    await proxy.reload({ ...config, listeners: [{ name: 'front2', address: '127.0.0.1:0', cluster: 'app' }] })
    await expect(close()).rejects.toMatchObject({ code: 'config-invalid' })
    expect(proxy.status().listeners).toMatchObject([{ name: 'front2', isListening: true }])
  })

  it('a reload keeps what was added at run time, and says so', async () => {
    const { address, close } = await proxy.listen({ name: 'tunnel', address: '127.0.0.1:0', cluster: 'app' })
    await proxy.cluster('app').add(two)
    const app = { backends: [one, two] }
    expect(await proxy.reload({ ...config, clusters: { app } })).toMatchObject({
      changes: { kept: ['add listener tunnel'], ended: [`add backend app/${two}`], aside: [] },
    })
    expect(['one', 'two']).toContain(await read(address))
    expect(
      await proxy.reload({
        ...config,
        clusters: { other: app },
        listeners: [{ address: '127.0.0.1:0', cluster: 'other' }],
      }),
    ).toMatchObject({
      changes: { kept: [], aside: [expect.stringContaining('add listener tunnel')] },
    })
    expect(await close()).toBe(false)
  })

  it('a proxy that does not run takes no changes', async () => {
    await proxy.stop()
    await expect(proxy.listen({ address: '127.0.0.1:0', cluster: 'app' })).rejects.toMatchObject({
      code: 'wrong-state',
    })
    await expect(proxy.cluster('app').add(two)).rejects.toMatchObject({ code: 'wrong-state' })
  })
})
