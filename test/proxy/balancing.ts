/** Which backend the connections of a proxy reach: by key, by tier, by weight. */
import { afterEach, expect, it } from 'vitest'
import type { ClusterInput, TimeoutsInput } from '../../src/config/input.js'
import type { ListenerInput } from '../../src/config/listener-input.js'
import { Backend } from '../support/backend.js'
import { helloOf } from '../support/hello.js'
import { until } from '../support/wait.js'
import { Bed } from './bed.js'

export function describeBalancing(): void {
  let backends: Backend[] = []
  let bed: Bed
  afterEach(async () => {
    await bed.end()
    await Promise.all(backends.map((each) => each.close()))
  })

  async function start(
    count: number,
    cluster: (addresses: string[]) => Partial<ClusterInput>,
    listener: Partial<ListenerInput> = {},
    timeouts: TimeoutsInput = {},
  ): Promise<void> {
    backends = []
    for (let index = 0; index < count; index++) backends.push(await Backend.listen())
    const addresses = backends.map(({ address }) => address)
    bed = await Bed.start({
      listeners: [{ name: 'front', address: '127.0.0.1:0', cluster: 'back', ...listener }],
      clusters: { back: { backends: addresses, ...cluster(addresses) } },
      timeouts,
    })
  }

  /** Connects, sends `bytes`, and answers the index of the backend that gets the connection. */
  async function reached(bytes: Buffer | string = 'x'): Promise<number> {
    const before = backends.map(({ peers }) => peers.length)
    const client = await bed.connect()
    client.send(Buffer.from(bytes))
    await until(() => backends.some(({ peers }, index) => peers.length > before[index]!))
    return backends.findIndex(({ peers }, index) => peers.length > before[index]!)
  }

  const requestWith = (target: string, fields = '') =>
    `GET ${target} HTTP/1.1\r\nHost: chat.test\r\n${fields}\r\n`
  const http = { protocol: 'http', http: 'forward' } as const
  const cluster = () => bed.proxy.status().clusters[0]!

  async function picksOf(count: number, bytes: (index: number) => Buffer | string): Promise<number[]> {
    const picks: number[] = []
    for (let index = 0; index < count; index++) picks.push(await reached(bytes(index)))
    return picks
  }

  it('requests of one session reach one backend, and sessions are spread over all', async () => {
    await start(3, () => ({ balance: 'hash', hash: { key: 'query:sid' } }), http)
    const first = await picksOf(20, (index) => requestWith(`/socket.io/?EIO=4&sid=${index}`))
    const second = await picksOf(20, (index) => requestWith(`/socket.io/?transport=polling&sid=${index}`))
    expect(second).toEqual(first)
    expect(new Set(first)).toEqual(new Set([0, 1, 2]))
    expect(cluster().keyless).toBe(0)
  })

  it('requests without the key are balanced in turn and counted', async () => {
    await start(2, () => ({ balance: 'hash', hash: { key: 'cookie:sid' } }), http)
    const cookie = () => requestWith('/', 'Cookie: a=1; sid=7\r\n')
    const ofSession = await reached(cookie())
    expect(await picksOf(4, () => requestWith('/'))).toEqual([0, 1, 0, 1])
    expect(await reached(cookie())).toBe(ofSession)
    expect(cluster().keyless).toBe(4)
  })

  it('TLS that passes through is hashed by its server name, and a client without TLS is served in turn', async () => {
    await start(3, () => ({ balance: 'hash', hash: { key: 'sni' } }))
    const hellos = await Promise.all(
      [0, 1, 2, 3, 4, 5].map((name) => helloOf({ servername: `n${name}.test` })),
    )
    const first = await picksOf(6, (index) => hellos[index]!)
    expect(await picksOf(6, (index) => hellos[index]!)).toEqual(first)
    expect(cluster().keyless).toBe(0)
    await reached('SSH-2.0-OpenSSH_9.2\r\n')
    expect(cluster().keyless).toBe(1)
  })

  it('a client that waits for the server to speak is served without a key after firstBytesMs', async () => {
    await start(2, () => ({ balance: 'hash', hash: { key: 'sni' } }), {}, { firstBytesMs: 50 })
    await bed.connect()
    await until(() => backends.some(({ peers }) => peers.length > 0))
    expect(cluster().keyless).toBe(1)
  })

  it('a key of a route function that is no text ends the connection as route-failed', async () => {
    await start(1, () => ({ balance: 'hash', hash: { key: 'route' } }), {
      route: () => ({ key: 5 as never }),
    })
    await bed.turnedAway()
    expect((await bed.recorded(1))[0]!.ended.cause).toBe('route-failed')
  })

  it('the key that a route function returns decides', async () => {
    await start(3, () => ({ balance: 'hash', hash: { key: 'route' } }), {
      route: async (visitor) => ({ key: (await visitor.peek(1)).toString() }),
    })
    const first = await picksOf(8, (index) => `${index}`)
    expect(await picksOf(8, (index) => `${index} again`)).toEqual(first)
    expect(new Set(first).size).toBeGreaterThan(1)
  })

  it('the session of a backend that is drained goes to one other backend, and comes back', async () => {
    await start(3, () => ({ balance: 'hash', hash: { key: 'header:x-user' } }), http)
    const ann = () => requestWith('/', 'X-User: ann\r\n')
    const home = await reached(ann())
    const set = (state: 'up' | 'drain') =>
      bed.control.changeBackend('back', backends[home]!.address, { state })
    await set('drain')
    const away = await reached(ann())
    expect(away).not.toBe(home)
    expect(await picksOf(3, ann)).toEqual([away, away, away])
    await set('up')
    expect(await reached(ann())).toBe(home)
  })

  it('a backup gets connections only while no other backend is available', async () => {
    await start(2, ([main, spare]) => ({
      balance: 'least-connections',
      backends: [main!, { address: spare!, backup: true }],
    }))
    expect(await picksOf(3, () => 'x')).toEqual([0, 0, 0])
    expect(cluster().backends).toMatchObject([{ tier: 0 }, { tier: 100 }])
    await bed.control.changeBackend('back', backends[0]!.address, { state: 'drain' })
    expect(await picksOf(2, () => 'x')).toEqual([1, 1])
    await bed.control.changeBackend('back', backends[0]!.address, { state: 'up' })
    expect(await reached()).toBe(0)
  })

  it('a tier takes over when every backend of the tier before refuses', async () => {
    await start(3, ([a, b, c]) => ({
      backends: [
        { address: a!, tier: 0 },
        { address: b!, tier: 1 },
        { address: c!, tier: 2 },
      ],
    }))
    await backends[0]!.close()
    const client = await bed.connect()
    client.send(Buffer.from('x'))
    await backends[1]!.accepted()
    expect(backends[2]!.peers).toHaveLength(0)
  })

  it('a reload changes rule and tiers for new connections, and touches no connection', async () => {
    await start(2, () => ({ balance: 'first' }))
    expect(await picksOf(2, () => 'x')).toEqual([0, 0])
    const [a, b] = backends.map(({ address }) => address)
    await bed.reload({
      clusters: {
        back: {
          balance: 'first',
          backends: [
            { address: a!, tier: 1 },
            { address: b!, tier: 0 },
          ],
        },
      },
    })
    expect(await picksOf(2, () => 'x')).toEqual([1, 1])
    expect(cluster().backends.map(({ active }) => active)).toEqual([2, 2])
  })

  it('least connections fills an idle backend first', async () => {
    await start(2, () => ({ balance: 'least-connections' }))
    const picks = await picksOf(4, () => 'x')
    expect([new Set(picks.slice(0, 2)), new Set(picks.slice(2))]).toEqual([new Set([0, 1]), new Set([0, 1])])
    await bed.control.changeBackend('back', backends[1]!.address, { weight: 0 })
    expect(await picksOf(2, () => 'x')).toEqual([0, 0])
    await bed.control.changeBackend('back', backends[1]!.address, { weight: 1 })
    expect(await picksOf(2, () => 'x')).toEqual([1, 1])
  })

  it('records say why a backend was chosen once a reload asks for it, and not before', async () => {
    await start(2, () => ({ balance: 'first' }))
    await bed.control.changeBackend('back', backends[0]!.address, { state: 'drain' })
    const first = await bed.connect()
    await backends[1]!.accepted()
    await bed.reload({ log: { explain: true } })
    const second = await bed.connect()
    await backends[1]!.accepted()
    first.socket.resetAndDestroy()
    await bed.recorded(1)
    second.socket.resetAndDestroy()
    const [before, after] = await bed.recorded(2)
    expect(before).not.toHaveProperty('choice.rule')
    expect(after?.choice).toMatchObject({
      rule: 'first',
      candidates: 1,
      open: 1,
      skipped: [{ backend: backends[0]!.address, why: 'drain' }],
    })
  })

  it('the record of a refused connection says what was wrong with each backend', async () => {
    await start(2, () => ({ balance: 'hash', hash: { key: 'source' } }))
    await bed.reload({ log: { explain: true } })
    await backends[0]!.close()
    await bed.control.changeBackend('back', backends[1]!.address, { state: 'maint' })
    await bed.turnedAway()
    const [record] = await bed.recorded(1)
    expect(record?.ended).toMatchObject({ cause: 'no-backend', errno: 'ECONNREFUSED' })
    expect(record?.choice).toMatchObject({
      rule: 'hash',
      candidates: 0,
      skipped: [
        { backend: backends[0]!.address, why: 'failed', errno: 'ECONNREFUSED' },
        { backend: backends[1]!.address, why: 'maint' },
      ],
    })
  })
}
