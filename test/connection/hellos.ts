/** ClientHellos of TLS that passes through: to which cluster they lead, and how bad or late ones end. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { ListenerInput } from '../../src/config/listener-input.js'
import { Bed } from '../proxy/bed.js'
import { Backend } from '../support/backend.js'
import { advanceClock } from '../support/clock.js'
import { cutIntoRecords, helloOf } from '../support/hello.js'
import { until } from '../support/wait.js'

type Name = 'exact' | 'wild' | 'rest'

export function describeHellos(): void {
  let backends: Record<Name, Backend>
  let bed: Bed

  beforeEach(async () => {
    const [exact, wild, rest] = await Promise.all([Backend.listen(), Backend.listen(), Backend.listen()])
    backends = { exact, wild, rest }
  })
  afterEach(async () => {
    await bed.end()
    await Promise.all(Object.values(backends).map((backend) => backend.close()))
  })

  const start = async (listener: Partial<ListenerInput> = {}, timeouts = {}, cluster = {}) => {
    bed = await Bed.start({
      listeners: [
        {
          name: 'front',
          address: '127.0.0.1:0',
          // The general route comes first. The most specific route still wins.
          routes: [
            { sni: '*.a.test', cluster: 'wild' },
            { sni: ['www.a.test', 'B.test.'], cluster: 'exact' },
            { sni: 'h2.a.test', alpn: 'h2', cluster: 'exact' },
          ],
          ...listener,
        },
      ],
      clusters: Object.fromEntries(
        Object.entries(backends).map(([name, { address }]) => [name, { backends: [address], ...cluster }]),
      ),
      timeouts,
    })
  }

  /** Sends these bytes. Returns the cluster that gets all of them, or the cause of the record if none does. */
  const send = async (bytes: Buffer, ...more: Buffer[]): Promise<string> => {
    const client = await bed.connect()
    client.send(bytes)
    for (const segment of more) {
      await new Promise<void>((resolve) => client.socket.write('', () => resolve()))
      client.send(segment)
    }
    client.end()
    const names = Object.keys(backends) as Name[]
    const taken = names.map((name) =>
      backends[name].accepted().then(async (peer) => {
        await peer.ended
        peer.end()
        expect(peer.received.equals(client.sent)).toBe(true)
        return name as string
      }),
    )
    const refused = client.closed.then(async () => (await bed.recorded(1))[0]!)
    return await Promise.race([
      ...taken,
      refused.then(({ ended, cluster }) => (cluster === undefined ? ended.cause : Promise.race(taken))),
    ])
  }

  it.each([
    ['www.a.test', 'exact'],
    ['WWW.A.TEST', 'exact'],
    ['b.test', 'exact'],
    ['other.a.test', 'wild'],
    ['h2.a.test', 'wild'],
    ['x.y.a.test', 'no-route'],
    ['a.test', 'no-route'],
    ['c.test', 'no-route'],
  ])('a ClientHello for the name %s leads to: %s', async (servername, expected) => {
    await start()
    expect(await send(await helloOf({ servername }))).toBe(expected)
  })

  it('a ClientHello matches a route by its ALPN', async () => {
    await start()
    expect(await send(await helloOf({ servername: 'h2.a.test', ALPNProtocols: ['http/1.1', 'h2'] }))).toBe(
      'exact',
    )
    const [{ sni, alpn, protocol }] = (await bed.recorded(1)) as [
      Awaited<ReturnType<Bed['recorded']>>[number],
    ]
    expect({ sni, alpn, protocol }).toEqual({ sni: 'h2.a.test', alpn: ['http/1.1', 'h2'], protocol: 'TLS' })
  })

  it('a ClientHello in many records and segments matches as a whole one does (CVE-2026-32305)', async () => {
    await start({ onNoSni: 'rest', onBadHello: 'rest' })
    const hello = cutIntoRecords(await helloOf({ servername: 'www.a.test' }), 3)
    const middle = hello.length >> 1
    expect(await send(hello.subarray(0, 5), hello.subarray(5, middle), hello.subarray(middle))).toBe('exact')
  })

  it('a ClientHello without a name leads to the cluster of its listener', async () => {
    await start({ cluster: 'rest' })
    expect(await send(await helloOf({}))).toBe('rest')
  })

  it.each([
    ['reject', 'no-sni'],
    ['rest', 'rest'],
  ])('a ClientHello without a name with `onNoSni: %s` leads to: %s', async (onNoSni, expected) => {
    await start({ onNoSni, cluster: 'wild' })
    expect(await send(await helloOf({}))).toBe(expected)
  })

  it.each([
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['an invalid name', Buffer.alloc(0)],
    ['a ClientHello that is cut short inside', Buffer.from([22, 3, 1, 0, 5, 1, 0, 0, 1, 3])],
  ])('a bad ClientHello is not treated as one without a name: %s', async (_, bytes) => {
    await start({ onNoSni: 'rest', cluster: 'rest' })
    const bad = bytes.length > 0 ? bytes : await helloWithName('a b')
    expect(await send(bad)).toMatch(/^bad-hello: /)
    expect((await bed.recorded(1))[0]!.termination).toBe('PR')
  })

  it('a bad ClientHello leads to the cluster of `onBadHello`', async () => {
    await start({ onBadHello: 'rest' })
    expect(await send(Buffer.from('GET / HTTP/1.1\r\n\r\n'))).toBe('rest')
  })

  it('a backend of a bad ClientHello has responseMs for its TLS handshake, not firstBytesMs', async () => {
    await start({ onBadHello: 'rest' }, { firstBytesMs: 30, responseMs: 300 }, { tls: {} })
    const client = await bed.connect()
    client.send(Buffer.from('GET / HTTP/1.1\r\n\r\n'))
    await client.ended
    expect((await bed.recorded(1))[0]!.ended).toEqual({
      by: 'backend',
      phase: 'response',
      cause: 'response-timeout',
    })
  })

  it('a client that sends no ClientHello is reset after firstBytesMs', async () => {
    await start({}, { firstBytesMs: 30 })
    const client = await bed.connect()
    expect(await client.ended).toBe('ECONNRESET')
    expect(client.received.toString()).toBe('')
    const [record] = await bed.recorded(1)
    expect(record).toMatchObject({ ended: { by: 'client', cause: 'first-bytes-timeout' }, termination: 'cR' })
  })

  it('a late ClientHello counts as waiting time, not as time of the connect or the backend', async () => {
    await start()
    const client = await bed.connect()
    await until(() => bed.proxy.connections().length > 0)
    advanceClock(60)
    client.send(await helloOf({ servername: 'www.a.test' }))
    const peer = await backends.exact.accepted()
    peer.send(Buffer.from('hello'))
    await client.receive(5)
    client.end()
    peer.end()
    const { waitMs, connectMs, firstByteMs, totalMs } = (await bed.recorded(1))[0]!.timings
    expect(waitMs).toBeGreaterThanOrEqual(60)
    expect(waitMs! + connectMs! + firstByteMs!).toBeLessThanOrEqual(totalMs + 0.001)
  })

  it('a record of a client that sends no ClientHello has no waitMs', async () => {
    await start({}, { firstBytesMs: 30 })
    await (await bed.connect()).ended
    expect((await bed.recorded(1))[0]!.timings.waitMs).toBeUndefined()
  })

  it('a client that ends inside its ClientHello is recorded as gone', async () => {
    await start()
    const client = await bed.connect()
    client.send((await helloOf({ servername: 'www.a.test' })).subarray(0, 60))
    client.end()
    expect((await bed.recorded(1))[0]!.ended).toEqual({
      by: 'client',
      phase: 'opening',
      cause: 'client-gone',
    })
  })

  it('routes see the client of a PROXY header in front of a ClientHello', async () => {
    await start({
      acceptProxy: { from: ['127.0.0.1'] },
      routes: [
        { sni: 'www.a.test', source: '192.0.2.0/24', cluster: 'exact' },
        { sni: 'www.a.test', cluster: 'rest' },
      ],
    })
    const client = await bed.connect()
    const hello = await helloOf({ servername: 'www.a.test' })
    client.send(Buffer.concat([Buffer.from('PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n'), hello]))
    const peer = await backends.exact.accepted()
    await peer.receive(hello.length)
    expect(peer.received.equals(hello)).toBe(true)
    client.end()
    peer.end()
  })
}

/** Node never asks for such a name, so the test writes it over another one of the same length. */
async function helloWithName(name: string): Promise<Buffer> {
  const stand = 'x'.repeat(name.length)
  const hello = await helloOf({ servername: stand })
  hello.write(name, hello.indexOf(stand, 0, 'latin1'), 'latin1')
  return hello
}
