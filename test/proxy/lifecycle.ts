/** start, status, drain, stop: in order, out of order, twice, and at the same time. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { MillraceError } from '../../src/errors.js'
import { createProxy } from '../../src/proxy/library-proxy.js'
import { Backend } from '../support/backend.js'
import { pattern } from '../support/bytes.js'
import { temporaryFolder } from '../support/folder.js'
import { run } from '../support/programs.js'
import { Bed } from './bed.js'
import type { EngineKind } from './suite.js'

export function describeLifecycle(engine: EngineKind): void {
  const folder = temporaryFolder()
  let backend: Backend
  let bed: Bed

  beforeEach(async () => {
    backend = await Backend.listen()
  })
  afterEach(() => bed.end())

  it('a proxy goes from new to running to stopped, as its status says', async () => {
    bed = new Bed({ backends: [backend] })
    expect(bed.proxy.status()).toMatchObject({ state: 'new', engine, listeners: [{ isListening: false }] })
    await bed.proxy.start()
    expect(bed.proxy.status()).toMatchObject({
      state: 'running',
      listeners: [{ name: 'front', isListening: true, active: 0, accepted: 0, acceptPauses: 0 }],
      clusters: [{ name: 'back', backends: [{ address: backend.address, state: 'up', active: 0 }] }],
      connections: { active: 0, ended: 0, bytesUp: 0, bytesDown: 0, splicedUp: 0, splicedDown: 0 },
    })
    await bed.proxy.stop()
    expect(bed.proxy.status()).toMatchObject({ state: 'stopped', listeners: [{ isListening: false }] })
  })

  it('the status of a proxy says what it cannot do, and why it does not splice', async () => {
    bed = await Bed.start({ backends: [backend] })
    const { notSplicing, unavailable, kernel } = bed.proxy.status()
    if (engine === 'kernel') {
      expect({ notSplicing, unavailable }).toEqual({ notSplicing: undefined, unavailable: [] })
      expect(kernel).toMatchObject({ descriptors: 1, pipesInUse: 0 })
    } else {
      expect(notSplicing).toBe('switched-off')
      expect(unavailable).toEqual([
        'splice',
        'round-trip times',
        'shared ports (SO_REUSEPORT)',
        'keepalive.everyMs and count (TCP_KEEPINTVL, TCP_KEEPCNT)',
        'deadPeerMs (TCP_USER_TIMEOUT)',
      ])
      expect(bed.logged.filter(({ level }) => level === 'warn')).toHaveLength(1)
    }
  })

  it('a proxy counts connections and bytes while they run and afterwards', async () => {
    bed = await Bed.start({ backends: [backend] })
    const client = await bed.connect()
    const peer = await backend.accepted()
    client.send(pattern(1, 3000))
    await peer.receive(3000)
    peer.send(pattern(2, 5000))
    await client.receive(5000)
    const running = { bytesUp: 3000, bytesDown: 5000 }
    expect(bed.proxy.status()).toMatchObject({
      connections: { active: 1, ended: 0, ...running },
      listeners: [{ active: 1, accepted: 1 }],
      clusters: [{ backends: [{ active: 1, connections: 1 }] }],
    })
    client.end()
    peer.end()
    await bed.recorded(1)
    expect(bed.proxy.status()).toMatchObject({
      connections: { active: 0, ended: 1, ...running },
      listeners: [{ active: 0, accepted: 1 }],
      clusters: [{ backends: [{ active: 0, connections: 1 }] }],
    })
  })

  it('a reload during the start of a proxy happens after the start', async () => {
    const listeners = ['a', 'b', 'c', 'd'].map((name) => ({ name, address: '127.0.0.1:0', cluster: 'back' }))
    bed = new Bed({ backends: [backend], listeners })
    const started = bed.proxy.start()
    const changed = listeners.map((listener) => ({ ...listener, tags: { turn: '2' } }))
    const reloaded = bed.reload({ listeners: changed })
    await started
    expect((await reloaded).changed).toHaveLength(4)
    expect(bed.logged.filter(({ message }) => message.startsWith('listening on'))).toHaveLength(4)
  })

  it('a proxy starts only once', async () => {
    bed = await Bed.start({ backends: [backend] })
    await expect(bed.proxy.start()).rejects.toMatchObject({
      code: 'wrong-state',
      message: expect.stringContaining('running'),
    })
    await bed.proxy.stop()
    await expect(bed.proxy.start()).rejects.toMatchObject({
      code: 'wrong-state',
      message: expect.stringContaining('stopped'),
    })
  })

  it('a proxy can be drained and stopped before its start, and twice', async () => {
    bed = new Bed({ backends: [backend] })
    expect(await bed.proxy.drain()).toEqual({ finished: 0, closed: 0, cut: 0 })
    await Promise.all([bed.proxy.stop(), bed.proxy.stop(), bed.proxy.drain()])
    await expect(bed.proxy.start()).rejects.toThrow(MillraceError)
  })

  it('a proxy that is stopped during its start listens nowhere', async () => {
    const listeners = ['a', 'b'].map((name) => ({ name, address: '127.0.0.1:0', cluster: 'back' }))
    bed = new Bed({ backends: [backend], listeners })
    const started = bed.proxy.start()
    await bed.proxy.stop()
    await expect(started).rejects.toMatchObject({ code: 'wrong-state' })
    expect(bed.proxy.status()).toMatchObject({
      state: 'stopped',
      listeners: [{ isListening: false }, { isListening: false }],
    })
  })

  it('a proxy listens on no address if one of its addresses is taken', async () => {
    const taken = await Backend.listen()
    bed = new Bed({
      backends: [backend],
      listeners: [
        { name: 'good', address: '127.0.0.1:0', cluster: 'back' },
        { name: 'bad', address: taken.address, cluster: 'back' },
      ],
    })
    await expect(bed.proxy.start()).rejects.toMatchObject({
      code: 'listen-failed',
      source: 'proxy',
      message: expect.stringContaining(`listener bad: cannot listen on ${taken.address}: EADDRINUSE`),
    })
    expect(bed.proxy.status()).toMatchObject({ state: 'stopped', listeners: [{ isListening: false }, {}] })
    await expect(bed.connect()).rejects.toThrow('ECONNREFUSED')
  })

  it('a proxy that drains lets its connections finish and accepts no more', async () => {
    bed = await Bed.start({ backends: [backend] })
    const client = await bed.connect()
    const peer = await backend.accepted()
    const drained = bed.proxy.drain()
    expect(bed.proxy.status()).toMatchObject({ state: 'draining', listeners: [{ isListening: false }] })
    await expect(bed.connect()).rejects.toThrow('ECONNREFUSED')
    client.send(pattern(3, 2_000_000))
    client.end()
    await peer.receive(2_000_000)
    expect(peer.missingFrom(client)).toBeUndefined()
    peer.end()
    expect(await drained).toEqual({ finished: 1, closed: 0, cut: 0 })
    expect(await client.ended).toBe('fin')
    expect(bed.proxy.status().state).toBe('stopped')
  })

  it('createProxy throws with every problem of a bad config', () => {
    bed = new Bed({ backends: [backend] })
    const config = { listeners: [{ address: 'nowhere', cluster: 'none' }], clusters: {}, extra: 1 }
    let thrown: unknown
    try {
      createProxy(config)
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBeInstanceOf(MillraceError)
    const { code, problems } = thrown as MillraceError
    expect(code).toBe('config-invalid')
    expect(problems.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['listeners[0].address', 'clusters', 'extra']),
    )
  })

  it('a proxy serves several listeners from several clusters, over IPv4, IPv6 and unix sockets', async () => {
    const backends = [
      await Backend.listen({ host: '127.0.0.1', port: 0 }),
      await Backend.listen({ host: '::1', port: 0 }),
      await Backend.listen({ path: join(folder, 'backend') }),
    ]
    const fronts = ['127.0.0.1:0', '[::1]:0', `unix:${join(folder, 'front')}`]
    const names = ['v4', 'v6', 'unix']
    bed = await Bed.start({
      backends: [backend],
      listeners: fronts.map((address, i) => ({
        name: names[i],
        address,
        cluster: names[(i + 1) % 3]!,
        tags: { i: `${i}` },
      })),
      clusters: Object.fromEntries(names.map((name, i) => [name, { backends: [backends[i]!.address] }])),
    })
    for (const [i, name] of names.entries()) {
      const client = await bed.connect(i)
      const target = backends[(i + 1) % 3]!
      const peer = await target.accepted()
      client.send(pattern(i, 300_000))
      client.end()
      await peer.receive(300_000)
      expect(peer.missingFrom(client)).toBeUndefined()
      peer.end()
      expect(await client.ended).toBe('fin')
      const record = (await bed.recorded(i + 1)).at(-1)
      const facts = {
        listener: name,
        cluster: names[(i + 1) % 3],
        backend: target.address,
        tags: { i: `${i}` },
      }
      expect(record).toMatchObject({ ...facts, backendAddress: target.address, bytesUp: 300_000 })
      expect(record!.client).toMatch(
        name === 'v4' ? /^127\.0\.0\.1:\d+$/ : name === 'v6' ? /^\[::1\]:\d+$/ : /^unix:/,
      )
    }
    await Promise.all(backends.map((each) => each.close()))
  })

  it('a proxy takes a unix path over from a dead process, but not from a living one', async () => {
    const path = join(folder, 'taken')
    const script = `require('node:net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`
    await run(process.execPath, ['-e', script, path])
    const listeners = [{ name: 'path', address: `unix:${path}`, cluster: 'back' }]
    bed = await Bed.start({ backends: [backend], listeners })
    const second = new Bed({ backends: [backend], listeners })
    await expect(second.proxy.start()).rejects.toMatchObject({
      code: 'listen-failed',
      message: expect.stringContaining('EADDRINUSE'),
    })
    // The second proxy connects to find out whether a process lives there. The living proxy forwards that connection.
    ;(await backend.accepted()).end()
    const client = await bed.connect()
    client.end()
    ;(await backend.accepted()).end()
    expect(await client.ended).toBe('fin')
    await bed.proxy.stop()
    expect(existsSync(path)).toBe(false)
  })
}
