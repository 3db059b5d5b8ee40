/** `http: pass`: the first head decides, and from then on both ends are joined. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { ClusterInput } from '../../src/config/input.js'
import type { ListenerInput } from '../../src/config/listener-input.js'
import { Bed } from '../proxy/bed.js'
import { hastened } from '../proxy/time.js'
import { Backend } from '../support/backend.js'
import type { Peer } from '../support/peer.js'
import { turns } from '../support/wait.js'
import { OK } from './request-rig.js'
import { closing, headAt, SWITCHING, UPGRADE } from './upgrades.js'

/** Fields that millrace changes in a request that it forwards, in a spelling that nobody would write again. */
const FIRST =
  'POST /a?b HTTP/1.1\r\nhOsT:  a.test\r\nConnection: keep-alive\r\nX-Forwarded-For: 6.6.6.6\r\nContent-Length: 2\r\n\r\nhi'
const SECOND = 'GET /admin HTTP/1.1\r\nHost: b.test\r\n\r\n'

export function describePasses(): void {
  let a: Backend
  let b: Backend
  let bed: Bed

  beforeEach(async () => {
    ;[a, b] = await Promise.all([Backend.listen(), Backend.listen()])
  })
  afterEach(async () => {
    await bed.end()
    await Promise.all([a.close(), b.close()])
  })

  const start = async (
    listener: Partial<ListenerInput> = {},
    cluster: Partial<ClusterInput> = {},
    timeouts = {},
  ) => {
    bed = await Bed.start({
      listeners: [
        {
          name: 'front',
          address: '127.0.0.1:0',
          protocol: 'http',
          http: 'pass',
          routes: [
            { host: 'a.test', cluster: 'a' },
            { host: 'b.test', cluster: 'b', http: 'forward' },
            { host: 'ws.test', cluster: 'b', http: 'reject' },
          ],
          ...listener,
        },
      ],
      clusters: { a: { backends: [a.address], ...cluster }, b: { backends: [b.address] } },
      timeouts,
    })
  }

  const send = async (bytes: string): Promise<Peer> => {
    const client = await bed.connect()
    client.send(Buffer.from(bytes, 'latin1'))
    return client
  }

  const finish = async (client: Peer, peer: Peer): Promise<void> => {
    client.end()
    await peer.ended
    peer.end()
    await client.closed
  }

  it('a request passes through byte by byte, and everything after it goes to the same backend', async () => {
    await start()
    const client = await send(FIRST)
    const peer = await a.accepted()
    await peer.receive(FIRST.length)
    peer.send(Buffer.from(OK))
    await client.receive(OK.length)
    client.send(Buffer.from(SECOND))
    await peer.receive(FIRST.length + SECOND.length)
    peer.send(Buffer.from(OK))
    await client.receive(2 * OK.length)
    expect(peer.received.toString()).toBe(FIRST + SECOND)
    expect(client.received.toString()).toBe(OK + OK)
    await finish(client, peer)
    const [record] = await bed.recorded(1)
    expect(record).toMatchObject({
      protocol: 'HTTP',
      cluster: 'a',
      http: { method: 'POST', authority: 'a.test', path: '/a' },
      bytesUp: FIRST.length + SECOND.length,
      bytesDown: 2 * OK.length,
      termination: '--',
    })
    expect(record!.http).not.toHaveProperty('status')
    expect(record!.timings.firstByteMs).toBeGreaterThan(0)
    expect(b.peers).toEqual([])
  })

  it('a head may come byte by byte, and no backend is dialled before its end', async () => {
    await start()
    const client = await bed.connect()
    for (const byte of SECOND.replace('b.test', 'a.test').slice(0, -1)) {
      client.send(Buffer.from(byte))
      await turns(2)
    }
    expect(a.peers).toEqual([])
    client.send(Buffer.from('\n'))
    const peer = await a.accepted()
    await peer.receive(SECOND.length)
    expect(peer.received.equals(client.sent)).toBe(true)
    await finish(client, peer)
  })

  it('an upgrade passes through, and the backend alone judges it', async () => {
    await start()
    const upgrades = [
      UPGRADE,
      UPGRADE.replace('Version: 13', 'Version: 8'),
      UPGRADE.replace('websocket', 'h2c'),
    ]
    for (const upgrade of upgrades.map((each) => each.replace('ws.test', 'a.test'))) {
      const client = await send(`${upgrade}early`)
      const peer = await a.accepted()
      await peer.receive(upgrade.length + 5)
      expect(peer.received.equals(client.sent)).toBe(true)
      peer.send(Buffer.from(`${SWITCHING}frame`))
      await client.receive(SWITCHING.length + 5)
      await finish(client, peer)
    }
    const records = await bed.recorded(3)
    expect(records.map(({ protocol }) => protocol)).toEqual(['WS', 'HTTP', 'HTTP'])
  })

  it('a route with http: forward beside one that passes forwards one request', async () => {
    await start()
    const client = await send(`${SECOND}${SECOND}`)
    const peer = await b.accepted()
    expect(await headAt(peer)).toContain('X-Forwarded-For: 127.0.0.1\r\n')
    peer.send(Buffer.from(OK))
    await client.ended
    client.end()
    await peer.ended
    peer.end()
    expect(client.received.toString()).toBe(closing(OK))
    expect(peer.received.toString().match(/GET/g)).toHaveLength(1)
    expect((await bed.recorded(1))[0]!.bytesUp).toBe(SECOND.length)
  })

  it('a route passes requests through where its listener forwards them, which then get their bodies, too', async () => {
    const routes = [{ host: 'a.test', cluster: 'a', http: 'pass' } as const]
    await start({ http: 'forward', routes, cluster: 'b' })
    const passing = await send(FIRST)
    const first = await a.accepted()
    await first.receive(FIRST.length)
    expect(first.received.toString()).toBe(FIRST)
    await finish(passing, first)
    const other = FIRST.replace('a.test', 'b.test')
    const forwarded = await send(other)
    const peer = await b.accepted()
    const head = await headAt(peer)
    await peer.receive(head.length + 2)
    expect(peer.received.subarray(head.length).toString()).toBe('hi')
    peer.send(Buffer.from(OK))
    await forwarded.ended
    await finish(forwarded, peer)
    expect((await bed.recorded(2))[1]).toMatchObject({
      cluster: 'b',
      bytesUp: other.length,
      http: { status: 200 },
    })
  })

  it.each([
    [
      'a request that its route does not forward',
      SECOND.replace('b.test', 'ws.test'),
      '426',
      'upgrade-required',
    ],
    [
      'a bad upgrade that its route serves',
      UPGRADE.replace('Version: 13', 'Version: 8'),
      '426',
      'bad-request',
    ],
    ['a bad head', 'GET / HTTP/1.1\nHost: a.test\n\n', '400', 'bad-request'],
    ['two hosts', 'GET / HTTP/1.1\r\nHost: a.test\r\nHost: b.test\r\n\r\n', '400', 'bad-request'],
    [
      'two lengths',
      'GET / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      '400',
      'bad-request',
    ],
    ['no host', 'GET / HTTP/1.1\r\n\r\n', '400', 'bad-request'],
    ['CONNECT', 'CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n', '501', 'bad-request'],
    ['an unknown host', 'GET / HTTP/1.1\r\nHost: c.test\r\n\r\n', '404', 'no-route'],
    ['a head that is too large', `GET /${'x'.repeat(17_000)} HTTP/1.1\r\n`, '431', 'bad-request'],
  ])('beside http: pass, millrace answers %s itself', async (_, bytes, status, cause) => {
    await start()
    const client = await send(bytes)
    expect(await client.ended).toBe('fin')
    client.end()
    expect(client.received.toString()).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    expect((await bed.recorded(1))[0]!.ended.cause).toMatch(new RegExp(`^${cause}`))
    expect([...a.peers, ...b.peers]).toEqual([])
  })

  it('a client whose request would pass gets 503 if no backend can be reached', async () => {
    await start()
    await a.close()
    const client = await send(FIRST)
    expect(await client.ended).toBe('fin')
    client.end()
    expect(client.received.toString()).toMatch(/^HTTP\/1.1 503 /)
    expect((await bed.recorded(1))[0]).toMatchObject({ ended: { cause: 'no-backend' }, bytesUp: 0 })
  })

  it('a client whose request would pass gets 502 if the backend has no TLS', async () => {
    await start({}, { tls: {} })
    const client = await send(FIRST)
    const peer = await a.accepted()
    await peer.receive(1)
    peer.send(Buffer.from('no TLS here\r\n'))
    expect(await client.ended).toBe('fin')
    client.end()
    peer.end()
    expect(client.received.toString()).toMatch(/^HTTP\/1.1 502 /)
    expect((await bed.recorded(1))[0]!.ended.cause).toMatch(/^backend-tls: /)
  })

  it('a client that stops inside its first head gets 408', async () => {
    await start()
    const client = await send(FIRST.slice(0, 20))
    expect(await hastened(bed, client.ended)).toBe('fin')
    client.end()
    expect(client.received.toString()).toMatch(/^HTTP\/1.1 408 /)
  })

  it('the backend of a request that passes learns the client by sendProxy, before the first byte of the request', async () => {
    await start({}, { sendProxy: 'v1' })
    const client = await send(FIRST)
    const peer = await a.accepted()
    const { port } = client.socket.address() as { port: number }
    const header = `PROXY TCP4 127.0.0.1 127.0.0.1 ${port} ${bed.address().split(':').at(-1)}\r\n`
    await peer.receive(header.length + FIRST.length)
    expect(peer.received.toString()).toBe(header + FIRST)
    await finish(client, peer)
  })

  it('a backend that closes without an answer closes the client, which gets no answer from millrace', async () => {
    await start()
    const client = await send(FIRST)
    const peer = await a.accepted()
    await peer.receive(FIRST.length)
    peer.end()
    expect(await client.ended).toBe('fin')
    client.end()
    await peer.closed
    expect(client.receivedBytes).toBe(0)
  })

  it('a route function can peek at the head of a request that may pass', async () => {
    let seen = ''
    await start({
      routes: undefined,
      route: async ({ request, peek }) => {
        seen = `${request?.host} ${await peek(4)}`
        return 'a'
      },
    })
    const client = await send(FIRST)
    const peer = await a.accepted()
    await peer.receive(FIRST.length)
    expect(seen).toBe('a.test POST')
    await finish(client, peer)
  })
}
