/** Backends that are in no config: a route function decides on one for each client. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createServer, type Server } from 'node:tls'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { ListenerInput } from '../../src/config/listener-input.js'
import type { RouteDecision } from '../../src/route/visitor.js'
import { namesWith } from '../cluster/names/scripted-dns.js'
import { Backend } from '../support/backend.js'
import { selfSigned } from '../support/certificate.js'
import { temporaryFolder } from '../support/folder.js'
import { ForwardProxy } from '../support/forward-proxy.js'
import { until } from '../support/wait.js'
import { Bed, type BedConfig } from './bed.js'

export function describeDecidedBackends(): void {
  const folder = temporaryFolder()
  let backend: Backend
  let bed: Bed

  beforeEach(async () => {
    backend = await Backend.listen()
  })
  afterEach(async () => {
    await bed.end()
    await backend.close()
  })

  const start = async (
    decide: () => RouteDecision,
    config: BedConfig = {},
    listener: Partial<ListenerInput> = {},
  ): Promise<void> => {
    const front = { name: 'front', address: '127.0.0.1:0', route: decide, ...listener }
    const names = namesWith({ 'tenant.test': ['127.0.0.1'] }, [])
    bed = await Bed.start({ listeners: [front], clusters: {}, ...config }, { names })
  }

  /** One client, joined to the backend and ended by it. */
  const exchange = async () => {
    const client = await bed.connect()
    const peer = await backend.accepted()
    client.send(Buffer.from('hello'))
    client.end()
    await peer.ended
    peer.end()
    await client.ended
    return peer
  }

  it.each<[string, () => RouteDecision]>([
    ['its address', () => ({ backend: backend.address })],
    ['a map', () => ({ backend: { address: backend.address } })],
    ['a host name', () => ({ backend: `tenant.test:${backend.port}` })],
    ['localhost', () => ({ backend: `localhost:${backend.port}` })],
  ])(
    'a client gets the backend that a route function returns as %s, and the record names it',
    async (_, decide) => {
      await start(decide)
      const peer = await exchange()
      expect(peer.received.toString()).toBe('hello')
      const decision = decide() as { backend: string | { address: string } }
      const name = typeof decision.backend === 'string' ? decision.backend : decision.backend.address
      const [record] = await bed.recorded(1)
      expect(record).toMatchObject({ backend: name, backendAddress: backend.address, bytesUp: 5 })
      expect(record).not.toHaveProperty('cluster')
    },
  )

  it('a client gets a decided backend at a unix socket', async () => {
    const path = join(folder, 'backend')
    const other = await Backend.listen({ path })
    await start(() => ({ backend: `unix:${path}` }))
    const client = await bed.connect()
    const peer = await other.accepted()
    client.end()
    peer.end()
    expect((await bed.recorded(1))[0]).toMatchObject({
      backend: `unix:${path}`,
      ended: { cause: 'finished' },
    })
    await other.close()
  })

  it('nothing is known of decided backends once their connections are over', async () => {
    let port = 10_000
    await start(() => ({ backend: { address: `127.0.0.2:${port++}` } }), { timeouts: { connectMs: 1000 } })
    for (let each = 0; each < 20; each++) await bed.turnedAway()
    const records = await bed.recorded(20)
    expect(new Set(records.map((record) => record.backend)).size).toBe(20)
    expect(records[0]!.ended).toMatchObject({ by: 'backend', cause: 'no-backend', errno: 'ECONNREFUSED' })
    const { withoutCluster } = bed.proxy.generations.present
    expect(withoutCluster.cluster.isInUse).toBe(false)
    expect(bed.proxy.status().clusters).toEqual([])
  })

  it('a decided backend has the settings and the limits of the cluster that is named beside it', async () => {
    const other = {
      backends: ['127.0.0.1:1'],
      sendProxy: 'v1' as const,
      limits: { maxConnections: 1, whenFull: 'refuse' as const },
    }
    await start(() => ({ cluster: 'other', backend: backend.address }), { clusters: { other } })
    const client = await bed.connect()
    const peer = await backend.accepted()
    await bed.turnedAway()
    client.end()
    await peer.ended
    peer.end()
    expect(peer.received.toString()).toMatch(/^PROXY TCP4 127\.0\.0\.1 127\.0\.0\.1 \d+ \d+\r\n$/)
    const records = await bed.recorded(2)
    expect(records.map(({ ended }) => ended.cause).sort()).toEqual(['finished', 'limit: cluster connections'])
    expect(records.map(({ cluster }) => cluster)).toEqual(['other', 'other'])
    expect(bed.proxy.status().clusters[0]!.backends[0]).toMatchObject({ connections: 0, failures: 0 })
  })

  it('what a decision says of sendProxy goes before what its cluster says', async () => {
    const other = { backends: ['127.0.0.1:1'], sendProxy: 'v1' as const }
    await start(() => ({ cluster: 'other', backend: { address: backend.address, sendProxy: 'v2' } }), {
      clusters: { other },
    })
    const peer = await exchange()
    expect(peer.received.subarray(0, 12).toString('latin1')).toBe('\r\n\r\n\0\r\nQUIT\n')
  })

  it('a decided backend may have only so many connections, and the others are refused', async () => {
    await start(() => ({ backend: backend.address, limits: { maxConnections: 1 } }))
    const client = await bed.connect()
    const peer = await backend.accepted()
    await bed.turnedAway()
    client.end()
    await peer.ended
    peer.end()
    await bed.recorded(2)
    await exchange()
    const records = await bed.recorded(3)
    expect(records.map(({ ended }) => ended.cause).sort()).toEqual(['finished', 'finished', 'queue-full'])
  })

  it('a decision limits the bytes of its connection, whatever the listener says', async () => {
    const limits = { perConnection: { maxBytes: '1MiB' } }
    await start(
      () => ({ backend: backend.address, limits: { maxBytes: '2KiB', bytesPerSecond: '1GiB' } }),
      {},
      { limits },
    )
    const client = await bed.connect()
    const peer = await backend.accepted()
    client.send(Buffer.alloc(4096))
    await peer.ended
    expect((await bed.recorded(1))[0]!.ended.cause).toBe('quota')
  })

  it('tags of a decision stand in the record beside those of the listener, go before them, and find connections', async () => {
    const tags = { place: 'here', tenant: 'none' }
    const decide = () => ({ backend: backend.address, tags: { tenant: 'a', plan: 'free' } })
    await start(decide, {}, { tags })
    const client = await bed.connect()
    const peer = await backend.accepted()
    await until(() => bed.proxy.connections()[0]?.pipe !== undefined)
    const found = async (tag: string) => (await bed.control.connections({ tag })).matched
    const wanted = ['tenant=a', 'plan', 'place=here', 'tenant=none', 'ten']
    expect(await Promise.all(wanted.map(found))).toEqual([1, 1, 1, 0, 0])
    const [listed] = (await bed.control.connections({})).connections
    expect(listed).toMatchObject({ backend: backend.address, tags: ['place=here', 'tenant=a', 'plan=free'] })
    client.end()
    peer.end()
    expect((await bed.recorded(1))[0]!.tags).toEqual({ place: 'here', tenant: 'a', plan: 'free' })
  })

  it('a decided backend is reached through the forward proxy of the decision', async () => {
    const forward = await ForwardProxy.listen()
    const via = `socks5://127.0.0.1:${forward.port}`
    await start(() => ({ backend: { address: 'inside.invalid:80', via } }))
    const client = await bed.connect()
    const peer = await forward.openBySocks('hi')
    await client.receive(2)
    client.end()
    peer.end()
    expect((await bed.recorded(1))[0]).toMatchObject({ backend: 'inside.invalid:80', via })
    expect(forward.asked).toEqual(['inside.invalid:80'])
    await forward.close()
  })

  it('millrace speaks TLS to a decided backend with the certificate authority of the decision', async () => {
    const pair = await selfSigned(folder)
    const [cert, key] = [readFileSync(pair.cert, 'utf8'), readFileSync(pair.key, 'utf8')]
    const server: Server = createServer({ cert, key }, (socket) => socket.end('secret')).listen(
      0,
      '127.0.0.1',
    )
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as { port: number }
    await start(() => ({
      backend: { address: `127.0.0.1:${port}`, tls: { ca: cert, serverName: 'localhost' } },
    }))
    const client = await bed.connect()
    expect(await client.ended).toBe('fin')
    client.end()
    expect(client.received.toString()).toBe('secret')
    expect((await bed.recorded(1))[0]!.backendTls).toMatchObject({ version: 'TLSv1.3' })
    await new Promise((resolve) => server.close(resolve))
  })

  it.each<[string, () => RouteDecision, RegExp]>([
    [
      'a unix socket behind the forward proxy of its cluster',
      () => ({ cluster: 'other', backend: 'unix:/run/app' }),
      /the forward proxy of the cluster \(socks5:\/\/127\.0\.0\.1:1\) cannot reach a unix socket/,
    ],
    [
      'a broken certificate authority',
      () => ({
        backend: {
          address: backend.address,
          tls: { ca: '-----BEGIN CERTIFICATE-----\nxx\n-----END CERTIFICATE-----' },
        },
      }),
      /backend\.tls\.ca: the certificate cannot be read/,
    ],
  ])('%s is a mistake of the route function', async (_, decide, why) => {
    const other = { backends: ['127.0.0.1:1'], via: 'socks5://127.0.0.1:1' }
    await start(decide, { clusters: { other } })
    await bed.turnedAway()
    expect((await bed.recorded(1))[0]!.ended.cause).toBe('route-failed')
    expect(await bed.told(/route function failed/)).toMatchObject({
      err: { message: expect.stringMatching(why) },
    })
  })

  it('a reload keeps the connections of decided backends, and those that count in their limits', async () => {
    await start(() => ({ backend: backend.address, limits: { maxConnections: 1 } }))
    const client = await bed.connect()
    const peer = await backend.accepted()
    await bed.reload({ timeouts: { idleMs: '1h' } })
    await bed.turnedAway()
    expect((await bed.recorded(1))[0]!.ended.cause).toBe('queue-full')
    client.end()
    await peer.ended
    peer.end()
    expect((await bed.recorded(2))[1]!.ended.cause).toBe('finished')
  })

  it('a client of a decided backend waits while its cluster is held', async () => {
    const clusters = { other: { backends: ['127.0.0.1:1'] } }
    await start(() => ({ cluster: 'other', backend: backend.address }), { clusters })
    await bed.proxy.holds.hold({ cluster: 'other', maxMs: 60_000 })
    const client = await bed.connect()
    await until(() => bed.proxy.clusters.get('other')!.queue.length === 1)
    bed.proxy.holds.release('other')
    const peer = await backend.accepted()
    client.end()
    peer.end()
    await bed.recorded(1)
  })
}
