/** Limits of a real proxy: who waits, who is refused, and that every place is given back. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ProxyConfig } from '../../src/config/input.js'
import type { ListenerInput } from '../../src/config/listener-input.js'
import { validateConfig } from '../../src/config/validate.js'
import { pattern } from '../support/bytes.js'
import { hasIpv6 } from '../support/ipv6.js'
import { connectTo, turnedAway } from '../support/peer.js'
import { turns, until } from '../support/wait.js'
import { AdmissionRig, SAID_BYTES } from './admission-rig.js'

const EMPTY = {
  listeners: [{ address: '127.0.0.1:1', cluster: 'back' }],
  clusters: { back: { backends: ['127.0.0.1:2'] } },
}
type LimitsInput = NonNullable<ProxyConfig['limits']>

export function describeLimits(): void {
  let rig: AdmissionRig
  beforeEach(async () => {
    rig = await AdmissionRig.create()
  })
  afterEach(async () => {
    await rig.end()
    const { limits } = rig.bed.proxy.status()
    expect(limits.filter(({ held }) => held > 0)).toEqual([])
  })

  const start = (limits: LimitsInput | undefined, listener: Partial<ListenerInput> = {}): Promise<void> =>
    rig.startWithLimits({
      listeners: [{ name: 'front', address: '127.0.0.1:0', cluster: 'back', ...listener }],
      ...(limits && { limits }),
    })
  const causes = async (count: number) => (await rig.bed.recorded(count)).map(({ ended }) => ended.cause)

  describe('clients that wait', () => {
    it('a client beyond maxConnections waits, and is served when another one leaves', async () => {
      await start({ maxConnections: 1 })
      const first = await rig.served()
      const second = await rig.bed.connect()
      second.send(pattern(2, SAID_BYTES))
      const told = await rig.bed.told(/^the proxy: maxConnections is reached: clients wait$/)
      expect(told).toMatchObject({ level: 'warn', scope: 'process', most: 1 })
      expect(rig.bed.proxy.status()).toMatchObject({
        limits: [{ scope: 'process', held: 1, most: 1 }],
        limitRefusals: [],
      })
      await rig.leave(first)
      await rig.servedInOrder([second])
    })

    it('a client beyond newPerSecond waits until the rate lets it in', async () => {
      await start(undefined, { limits: { newPerSecond: 50 } })
      const clients = await Promise.all(Array.from({ length: 60 }, () => rig.served()))
      await Promise.all(clients.map((client) => rig.leave(client)))
      await rig.bed.told(/^listener front: newPerSecond is reached: clients wait$/)
    })

    it('a listener with a limit keeps no client of another listener waiting', async () => {
      await rig.startWithLimits({
        listeners: [
          { name: 'small', address: '127.0.0.1:0', cluster: 'back', limits: { maxConnections: 1 } },
          { name: 'other', address: '127.0.0.1:0', cluster: 'back' },
        ],
      })
      const first = await rig.served(0)
      const waits = await rig.bed.connect(0)
      waits.send(pattern(2, SAID_BYTES))
      await rig.leave(await rig.served(1))
      await rig.leave(first)
      await rig.servedInOrder([waits])
    })

    it('a reload with a higher limit lets in clients that wait, and one with a lower limit ends nobody', async () => {
      await start({ maxConnections: 1 })
      const first = await rig.served()
      const second = await rig.bed.connect()
      second.send(pattern(2, SAID_BYTES))
      await rig.bed.told(/clients wait/)
      await rig.bed.reload({ limits: { maxConnections: 2 } })
      await second.receive(SAID_BYTES)
      await rig.bed.reload({ limits: { maxConnections: 1 } })
      expect(rig.bed.proxy.status().limits).toMatchObject([{ held: 2, most: 1 }])
      await rig.answered(first)
      await rig.leave(first)
      const third = await rig.bed.connect()
      third.send(pattern(3, SAID_BYTES))
      await turns(50)
      expect(rig.bed.proxy.status().limits).toMatchObject([{ held: 1 }])
      await rig.leave(second)
      await rig.servedInOrder([third])
    })
  })

  it('a reload with a higher limit of a cluster lets in clients that wait in its queue', async () => {
    const withLimit = (maxConnections: number) => ({
      clusters: { back: { backends: [rig.backend.address], limits: { maxConnections, queueMs: 0 } } },
    })
    await rig.startWithLimits(withLimit(1))
    const first = await rig.served()
    const second = await rig.bed.connect()
    second.send(pattern(2, SAID_BYTES))
    await until(() => rig.bed.proxy.clusters.get('back')!.queue.length === 1)
    await rig.bed.reload(withLimit(2))
    await rig.servedInOrder([second])
    await rig.leave(first)
  })

  describe('a reload that adds a limit', () => {
    const heldBySources = (scope: string) =>
      rig.bed.proxy.sources({ scope }).sources.map(({ source, connections }) => [source, connections])

    it('counts the connections that are there, and ends none of them', async () => {
      await start(undefined)
      const clients = [await rig.served(), await rig.served()]
      await rig.bed.reload({
        limits: { maxConnections: 2, whenFull: 'refuse', perSource: { maxConnections: 2 } },
      })
      expect(rig.bed.proxy.status().limits).toMatchObject([{ held: 2, most: 2 }])
      expect(heldBySources('process')).toEqual([['127.0.0.1', 2]])
      expect(await rig.bed.turnedAway()).toBe('ECONNRESET')
      await rig.leave(clients[0]!)
      await rig.leave(await rig.served())
      await rig.answered(clients[1]!)
      await rig.leave(clients[1]!)
    })

    it('counts each connection once, also if the limit was gone meanwhile or has another prefix', async () => {
      const perSource = { maxConnections: 9 }
      await start({ perSource })
      const clients = [await rig.served()]
      await rig.bed.reload({ limits: {} })
      clients.push(await rig.served())
      await rig.bed.reload({ limits: { perSource } })
      expect(heldBySources('process')).toEqual([['127.0.0.1', 2]])
      await rig.bed.reload({ limits: { perSource: { ...perSource, prefix4: 8 } } })
      expect(heldBySources('process')).toContainEqual(['127.0.0.0/8', 2])
      await Promise.all(clients.map((client) => rig.leave(client)))
    })

    it('counts the client that a PROXY header has named, and not the proxy in front', async () => {
      const acceptProxy = { from: ['127.0.0.1'] }
      const listeners = (limits: LimitsInput | undefined) => [
        { name: 'front', address: '127.0.0.1:0', cluster: 'back', acceptProxy, ...(limits && { limits }) },
      ]
      await rig.startWithLimits({ listeners: listeners(undefined) })
      const named = await rig.bed.connect()
      named.send(Buffer.from('PROXY TCP4 192.0.2.1 192.0.2.9 1 2\r\n'))
      await rig.answered(named)
      const silent = await rig.bed.connect()
      await until(() => rig.bed.proxy.connections().length === 2)
      await rig.bed.reload({ listeners: listeners({ perSource: { maxConnections: 1 } }) })
      expect(heldBySources('listener/front')).toEqual([['192.0.2.1', 1]])
      silent.send(Buffer.from('PROXY TCP4 192.0.2.1 192.0.2.9 3 2\r\n'))
      expect(await silent.ended).toBe('ECONNRESET')
      await rig.leave(named)
    })

    it('counts connections that have a backend, and not those that wait for one', async () => {
      const cluster = (limits: object) => ({
        clusters: { back: { backends: [rig.backend.address], limits: { ...limits, queueMs: 0 } } },
      })
      await rig.startWithLimits(cluster({ newPerSecond: { rate: 0.01, burst: 1 } }))
      const first = await rig.served()
      const second = await rig.bed.connect()
      second.send(pattern(2, SAID_BYTES))
      await until(() => rig.bed.proxy.clusters.get('back')!.queue.length === 1)
      await rig.bed.reload(cluster({ maxConnections: 1, newPerSecond: 100 }))
      expect(rig.bed.proxy.status().limits).toMatchObject([{ scope: 'cluster/back', held: 1 }])
      expect(rig.bed.proxy.clusters.get('back')!.queue.length).toBe(1)
      await rig.bed.reload(cluster({ maxConnections: 1 }))
      await rig.leave(first)
      await rig.servedInOrder([second])
    })

    it('counts in a dry run those who are there, and later only those within the limit', async () => {
      const limits = { maxConnections: 1, dryRun: true }
      await start(undefined)
      const clients = [await rig.served(), await rig.served()]
      await rig.bed.reload({ limits })
      expect(rig.bed.proxy.status().limits).toMatchObject([{ held: 2, most: 1 }])
      clients.push(await rig.served())
      await rig.bed.reload({ limits })
      expect(rig.bed.proxy.status().limits).toMatchObject([{ held: 2, most: 1 }])
      await rig.bed.reload({ limits: { ...limits, dryRun: false } })
      expect(rig.bed.proxy.status().limits).toMatchObject([{ held: 3, most: 1 }])
      await Promise.all(clients.map((client) => rig.leave(client)))
    })

    it('gives the places back if the config is given up', async () => {
      await start(undefined)
      const first = await rig.served()
      const { proxy } = rig.bed
      const { limits } = validateConfig({ ...EMPTY, limits: { maxConnections: 1 } })
      const prepared = await proxy.prepare({ ...proxy.config, limits })
      const second = await rig.served()
      const { counts } = proxy.limiting.limiter
      expect(counts.held({ scope: 'process' })).toBe(2)
      prepared.giveUp()
      expect(counts.held({ scope: 'process' })).toBe(0)
      await Promise.all([first, second].map((client) => rig.leave(client)))
    })
  })

  describe('clients that are refused', () => {
    it('a client beyond maxConnections is refused if whenFull says so, and its record says why', async () => {
      await start({ maxConnections: 1, whenFull: 'refuse' })
      const first = await rig.served()
      expect(await rig.bed.turnedAway()).toBe('ECONNRESET')
      await rig.leave(first)
      expect(await causes(2)).toEqual(['limit: process connections', 'finished'])
      expect(rig.bed.proxy.status().limitRefusals).toEqual([
        { scope: 'process', why: 'connections', refused: 1, wouldRefuse: 0 },
      ])
      await rig.leave(await rig.served())
    })

    it('a source beyond its limit is refused, and clients of other sources are not', async () => {
      await start({ perSource: { maxConnections: 1 } })
      const first = await rig.served()
      expect(await rig.bed.turnedAway()).toBe('ECONNRESET')
      const other = await rig.bed.connect(0, '127.0.0.2')
      await rig.answered(other)
      await Promise.all([rig.leave(first), rig.leave(other)])
      expect(await causes(3)).toContain('source-limit: connections (process)')
      const told = await rig.bed.told(/is reached by 127\.0\.0\.1:\d+: clients are refused$/)
      expect(told).toMatchObject({ limit: 'perSource.maxConnections', most: 1 })
    })

    it('prefix4 says how many bits of an address are one source', async () => {
      await start({ perSource: { maxConnections: 1, prefix4: 24 } })
      const first = await rig.served()
      expect(await rig.bed.turnedAway(0, '127.0.0.2')).toBe('ECONNRESET')
      const other = await rig.bed.connect(0, '127.0.1.1')
      await rig.answered(other)
      await Promise.all([rig.leave(first), rig.leave(other)])
    })

    it('a dry run lets everybody in, and counts whom it would refuse', async () => {
      await start({ maxConnections: 1, dryRun: true })
      const clients = [await rig.served(), await rig.served()]
      await rig.bed.told(/clients would be refused without dryRun$/)
      expect(rig.bed.proxy.status()).toMatchObject({
        limits: [{ held: 1 }],
        limitRefusals: [{ refused: 0, wouldRefuse: 1 }],
      })
      await Promise.all(clients.map((client) => rig.leave(client)))
    })

    it('a rate of a source refuses those that come too fast', async () => {
      await start(undefined, { limits: { perSource: { newPerSecond: { rate: 0.01, burst: 2 } } } })
      const clients = [await rig.served(), await rig.served()]
      expect(await rig.bed.turnedAway()).toBe('ECONNRESET')
      await Promise.all(clients.map((client) => rig.leave(client)))
      expect(await causes(3)).toContain('source-limit: rate (listener)')
    })
  })

  describe('clients behind a proxy', () => {
    const acceptProxy = { from: ['127.0.0.1'] }
    const header = (client: string, kind = 'TCP4'): Buffer =>
      Buffer.from(`PROXY ${kind} ${client} ${kind === 'TCP4' ? '192.0.2.9' : '2001:db8::9'} 1 2\r\n`)
    const comeAs = async (client: string, kind?: string) => {
      const peer = await rig.bed.connect()
      peer.send(header(client, kind))
      const before = peer.receivedBytes
      peer.send(pattern(1, 10))
      await Promise.race([peer.receive(before + 10), peer.ended])
      return peer
    }

    it('the client in the PROXY header has the limit, and the proxy in front has none', async () => {
      await start({ perSource: { maxConnections: 1 } }, { acceptProxy })
      const [one, two] = [await comeAs('192.0.2.1'), await comeAs('192.0.2.2')]
      const tooMany = await comeAs('192.0.2.1')
      expect(await tooMany.ended).toBe('ECONNRESET')
      expect([one.receivedBytes, two.receivedBytes]).toEqual([10, 10])
      await Promise.all([one, two].map((peer) => rig.leave(peer)))
      expect(await causes(3)).toContain('source-limit: connections (process)')
    })

    it('all addresses of an IPv6 /64 are one source, and a mapped address is an IPv4 source', async () => {
      await start({ perSource: { maxConnections: 1 } }, { acceptProxy })
      const inside = [await comeAs('2001:db8::1', 'TCP6'), await comeAs('192.0.2.1')]
      for (const same of ['2001:db8::ffff:1', '::ffff:192.0.2.1'])
        expect(await (await comeAs(same, 'TCP6')).ended).toBe('ECONNRESET')
      inside.push(await comeAs('2001:db8:0:1::1', 'TCP6'))
      expect(inside.map(({ receivedBytes }) => receivedBytes)).toEqual([10, 10, 10])
      await Promise.all(inside.map((peer) => rig.leave(peer)))
    })
  })

  it('an IPv4 client of an IPv6 listener counts as IPv4', async (context) => {
    if (!(await hasIpv6())) context.skip()
    await rig.startWithLimits({
      listeners: ['[::]:0', '127.0.0.1:0'].map((address, i) => ({ name: `${i}`, address, cluster: 'back' })),
      limits: { perSource: { maxConnections: 1 } },
    })
    const first = await rig.served(1)
    const port = Number(rig.bed.address(0).split(':').at(-1))
    expect(await turnedAway(connectTo({ kind: 'tcp', host: '127.0.0.1', port }))).toBe('ECONNRESET')
    await rig.leave(first)
  })

  it('a client that is gone, one that is killed and one without a backend give their places back', async () => {
    await rig.startWithLimits({
      listeners: [
        { name: 'front', address: '127.0.0.1:0', cluster: 'back', limits: { maxConnections: 9 } },
        {
          name: 'none',
          address: '127.0.0.1:0',
          cluster: 'none',
          limits: { perSource: { maxConnections: 1 } },
        },
      ],
      clusters: { back: { backends: [rig.backend.address] }, none: { backends: ['127.0.0.1:1'] } },
    })
    const [gone, killed] = [await rig.served(), await rig.served()]
    gone.reset()
    await rig.bed.recorded(1)
    for (const connection of rig.bed.proxy.connections()) connection.end('killed')
    await killed.ended
    expect(await rig.bed.turnedAway(1)).toBe('ECONNRESET')
    expect(await rig.bed.turnedAway(1)).toBe('ECONNRESET')
    expect(await causes(4)).toEqual(['reset', 'killed', 'no-backend', 'no-backend'])
    await until(() => rig.bed.proxy.status().limits.every(({ held }) => held === 0))
  })
}
