/** Clusters that dial the servers that their clients ask for: who gets where, and how the others end. */

import { afterEach, beforeEach, expect, it } from 'vitest'
import type { ClusterInput, DialInput } from '../../src/config/input.js'
import type { ListenerInput } from '../../src/config/listener-input.js'
import type { RouteDecision } from '../../src/route/visitor.js'
import { namesWith } from '../cluster/names/scripted-dns.js'
import { Bed, type BedConfig } from '../proxy/bed.js'
import { hastened } from '../proxy/time.js'
import { Backend } from '../support/backend.js'
import { helloOf } from '../support/hello.js'
import type { Peer } from '../support/peer.js'
import { OK } from './request-rig.js'
import { closing, headAt } from './upgrades.js'

/** Names of these tests, and what they mean. */
const ADDRESSES: Readonly<Record<string, readonly string[]>> = {
  'www.a.test': ['127.0.0.1'],
  'mixed.test': ['10.0.0.1', '::ffff:127.0.0.1'],
  'private.test': ['10.0.0.1', '127.0.0.1'],
}

export function describeDials(): void {
  let backend: Backend
  let bed: Bed
  let asked: string[]

  beforeEach(async () => {
    asked = []
    backend = await Backend.listen()
  })
  afterEach(async () => {
    await bed.end()
    await backend.close()
  })

  const port = (): number => Number(backend.address.split(':').at(-1))

  const start = async (
    dial: Partial<DialInput> = {},
    listener: Partial<ListenerInput> = {},
    cluster: Partial<ClusterInput> = {},
    config: Partial<BedConfig> = {},
  ) => {
    const networks = ['127.0.0.0/8']
    const allow = [{ name: '*.a.test', networks }, { name: 'mixed.test', networks }, '*']
    const out = { dial: { server: 'sni' as const, allow, ports: port(), ...dial }, ...cluster }
    bed = await Bed.start(
      {
        listeners: [{ name: 'front', address: '127.0.0.1:0', cluster: 'out', ...listener }],
        clusters: { out, back: { backends: [backend.address] } },
        ...config,
      },
      { names: namesWith(ADDRESSES, asked) },
    )
  }

  const http = (more: Partial<ListenerInput> = {}): Partial<ListenerInput> => ({
    protocol: 'http',
    http: 'forward',
    ...more,
  })
  const get = (host: string, version = '1.1'): string => `GET /x HTTP/${version}\r\nHost: ${host}\r\n\r\n`

  const send = async (bytes: Buffer | string): Promise<Peer> => {
    const client = await bed.connect()
    client.send(Buffer.from(bytes))
    return client
  }

  /** The bytes reach the server as they came. */
  const reaches = async (bytes: Buffer | string): Promise<void> => {
    const client = await send(bytes)
    const peer = await backend.accepted()
    await peer.receive(client.sentBytes)
    expect(peer.received.equals(client.sent)).toBe(true)
    client.end()
    await peer.ended
    peer.end()
    await client.closed
  }

  it('a ClientHello reaches the server that it names, and passes through from its first byte', async () => {
    await start()
    await reaches(await helloOf({ servername: 'www.a.test' }))
    await reaches(await helloOf({ servername: 'WWW.A.TEST' }))
    const records = await bed.recorded(2)
    for (const record of records)
      expect(record).toMatchObject({
        protocol: 'TLS',
        sni: 'www.a.test',
        cluster: 'out',
        backend: `*.a.test:${port()}`,
        backendAddress: backend.address,
        termination: '--',
      })
    expect(asked).toEqual(['www.a.test', 'www.a.test'])
    const { backends } = bed.proxy.status().clusters[0]!
    expect(backends.map(({ address, connections }) => [address, connections])).toEqual([
      [`*.a.test:${port()}`, 2],
      [`mixed.test:${port()}`, 0],
      [`*:${port()}`, 0],
    ])
    expect(backends[0]).toMatchObject({ state: 'up', resolved: [] })
  })

  it.each([
    ['private.test', 'not-allowed: 10.0.0.1 is a private address (RFC 1918)', true],
    ['b.test', 'no-backend', true],
    ['127.0.0.1.nip.test.1', 'not-allowed: the server name is no host name', false],
  ])('a ClientHello for %s reaches nothing: %s', async (servername, cause, isResolved) => {
    await start()
    const client = await send(await helloOf({ servername }))
    expect(await client.ended).toBe('ECONNRESET')
    const [record] = await bed.recorded(1)
    expect(record).toMatchObject({
      sni: servername,
      cluster: 'out',
      ended: { phase: 'connect', cause },
      termination: cause === 'no-backend' ? 'SC' : 'PC',
    })
    expect(asked).toHaveLength(isResolved ? 1 : 0)
    expect(backend.peers).toEqual([])
  })

  it('an address that may be dialled is dialled, although the name also has one that may not', async () => {
    await start({}, {}, {}, { log: { explain: true } })
    await reaches(await helloOf({ servername: 'mixed.test' }))
    const [record] = await bed.recorded(1)
    expect(record).toMatchObject({
      backend: `mixed.test:${port()}`,
      backendAddress: backend.address,
      choice: {
        rule: 'dial',
        candidates: 1,
        skipped: [{ why: 'not-allowed', reason: '10.0.0.1 is a private address (RFC 1918)' }],
      },
    })
  })

  it.each<[string, () => Promise<Buffer>, string, string]>([
    ['names no server', () => helloOf({}), 'not-allowed: the client names no server in a ClientHello', 'PC'],
    ['speaks no TLS', async () => Buffer.from('SSH-2.0-x\r\n'), 'bad-hello: not TLS', 'PR'],
  ])('a client that %s reaches nothing', async (_, hello, cause, termination) => {
    await start()
    const client = await send(await hello())
    expect(await client.ended).toBe('ECONNRESET')
    expect((await bed.recorded(1))[0]).toMatchObject({ ended: { cause }, termination })
    expect(asked).toEqual([])
  })

  it('a client that sends no ClientHello in time is turned away', async () => {
    await start({}, {}, {}, { timeouts: { firstBytesMs: 1000 } })
    const client = await bed.connect()
    expect(await hastened(bed, client.ended)).toBe('ECONNRESET')
    expect((await bed.recorded(1))[0]).toMatchObject({ ended: { cause: 'first-bytes-timeout' } })
  })

  it('only clients that go to such a cluster have to send a ClientHello', async () => {
    await start({}, { routes: [{ source: '127.0.0.1', cluster: 'back' }] })
    await reaches('plain bytes')
  })

  it('a route function can send clients there, whether it has looked at the ClientHello or not', async () => {
    let looks = false
    const route: ListenerInput['route'] = async (visitor): Promise<RouteDecision> => {
      if (looks) await visitor.clientHello()
      return 'out'
    }
    await start({}, { cluster: undefined, route })
    await reaches(await helloOf({ servername: 'www.a.test' }))
    looks = true
    await reaches(await helloOf({ servername: 'www.a.test' }))
    await bed.recorded(2)
  })

  it('a route function that sends plain HTTP to a cluster by server name gets the client refused', async () => {
    await start({}, http({ cluster: undefined, route: () => 'out' }))
    const client = await send(get('www.a.test'))
    await client.ended
    client.end()
    expect(client.received.toString()).toMatch(/^HTTP\/1.1 403 /)
    expect((await bed.recorded(1))[0]!.ended.cause).toBe(
      'not-allowed: the client names no server in a ClientHello',
    )
  })

  it('a request reaches the host that it names, at the port that it names', async () => {
    await start({ server: 'host' }, http())
    const client = await send(get(`WWW.a.test.:${port()}`))
    const peer = await backend.accepted()
    expect(await headAt(peer)).toContain(`Host: WWW.a.test.:${port()}\r\n`)
    peer.send(Buffer.from(OK))
    await client.ended
    client.end()
    await peer.ended
    peer.end()
    expect(client.received.toString()).toBe(closing(OK))
    expect((await bed.recorded(1))[0]).toMatchObject({
      backend: `*.a.test:${port()}`,
      backendAddress: backend.address,
      http: { authority: `www.a.test:${port()}`, status: 200 },
    })
  })

  it.each<[string, () => string, string]>([
    ['port', () => get('www.a.test'), 'port 80 is not in "ports"'],
    ['address', () => get(`127.0.0.1:${port()}`), 'an IP address that "allow" does not name'],
    ['number', () => get(`0x7f.1:${port()}`), 'the host of the request is no host name'],
    ['private host', () => get(`private.test:${port()}`), '10.0.0.1 is a private address (RFC 1918)'],
    ['missing host', () => 'GET / HTTP/1.0\r\n\r\n', 'the client names no host in a request'],
    [
      'host in an absolute target',
      () => `GET http://private.test:${port()}/ HTTP/1.0\r\n\r\n`,
      '10.0.0.1 is a private address (RFC 1918)',
    ],
    [
      'scheme',
      () => `GET https://www.a.test:${port()}/ HTTP/1.0\r\n\r\n`,
      'the client asks for https, and the cluster has no "tls"',
    ],
  ])('a request for another %s gets 403', async (_, request, why) => {
    await start({ server: 'host' }, http())
    const client = await send(request())
    await client.ended
    client.end()
    expect(client.received.toString()).toMatch(/^HTTP\/1.1 403 /)
    expect((await bed.recorded(1))[0]).toMatchObject({
      ended: { by: 'proxy', phase: 'connect', cause: `not-allowed: ${why}` },
      termination: 'PC',
    })
    expect(backend.peers).toEqual([])
  })

  it('with http: pass the first request decides, and everything after it passes through', async () => {
    await start({ server: 'host' }, http({ http: 'pass' }))
    await reaches(get(`www.a.test:${port()}`) + get('private.test'))
    const refused = await send(get(`private.test:${port()}`))
    await refused.ended
    refused.end()
    expect(refused.received.toString()).toMatch(/^HTTP\/1.1 403 /)
    await bed.recorded(2)
  })

  it('an IP address that the list names can be asked for', async () => {
    await start({ server: 'host', allow: ['127.0.0.1'] }, http({ http: 'pass' }))
    await reaches(get(backend.address))
    expect(asked).toEqual([])
    expect((await bed.recorded(1))[0]).toMatchObject({ backend: backend.address })
  })

  it('the errors of such a cluster are counted from 0 on', async () => {
    await start()
    const counted = bed.proxy.status().endings.find(({ cause }) => cause === 'not-allowed')
    expect(counted).toMatchObject({
      cluster: 'out',
      by: 'proxy',
      phase: 'connect',
      count: 0,
      outcome: 'error',
    })
  })
}
