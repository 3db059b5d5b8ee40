/** A cluster with a forward proxy: every connect goes through it, and its failures are its own. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DnsNames } from '../../src/cluster/names/dns-names.js'
import type { ClusterInput } from '../../src/config/input.js'
import { namesWith, ScriptedDns, SETTINGS } from '../cluster/names/scripted-dns.js'
import { Backend } from '../support/backend.js'
import { pattern } from '../support/bytes.js'
import { ForwardProxy, OPEN_HEAD, OPEN_REPLY } from '../support/forward-proxy.js'
import { until } from '../support/wait.js'
import { Bed, type BedConfig } from './bed.js'
import type { EngineKind } from './suite.js'

const NAMES = ['db-1.invalid:5432', 'db-2.invalid:5432']

export function describeVia(engine: EngineKind): void {
  let bed: Bed
  let forward: ForwardProxy

  beforeEach(async () => {
    forward = await ForwardProxy.listen()
  })
  afterEach(async () => {
    await bed.end()
    await forward.close()
  })

  const begin = async (cluster: Partial<ClusterInput> = {}, more: BedConfig = {}): Promise<void> => {
    const via = `socks5://127.0.0.1:${forward.port}`
    bed = await Bed.start({ clusters: { back: { backends: NAMES, via, ...cluster } }, ...more })
  }
  const beginHttp = (cluster: Partial<ClusterInput> = {}, more: BedConfig = {}) =>
    begin({ via: { http: `127.0.0.1:${forward.port}` }, ...cluster }, more)
  const backends = () => bed.proxy.status().clusters[0]!.backends

  describe('a tunnel', () => {
    it('a backend behind SOCKS5 may speak first, and nothing of it is lost', async () => {
      await begin()
      const client = await bed.connect()
      const backend = await forward.openBySocks('220 ready\r\n')
      await client.receive(11)
      expect(client.received.toString()).toBe('220 ready\r\n')
      client.send(Buffer.from('QUIT'))
      await backend.receive(backend.receivedBytes + 4)
      client.end()
      backend.end()
      const [record] = await bed.recorded(1)
      expect(forward.asked).toEqual([NAMES[0]])
      const via = `socks5://127.0.0.1:${forward.port}`
      expect(record).toMatchObject({ via, backend: NAMES[0], bytesUp: 4, bytesDown: 11, termination: '--' })
      expect(record).not.toHaveProperty('backendAddress')
      expect(bed.proxy.status().clusters[0]).toMatchObject({ via })
      expect(backends()[0]).toMatchObject({ connections: 1, failures: 0, resolved: [], state: 'up' })
    })

    it('a backend behind CONNECT may speak first, also after interim answers', async () => {
      await beginHttp()
      const client = await bed.connect()
      const peer = await forward.askedByConnect()
      const interim = Buffer.from('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n')
      peer.socket.write(Buffer.concat([interim, OPEN_HEAD, Buffer.from('SSH-2.0-x\r\n')]))
      await client.receive(11)
      expect([client.received.toString(), forward.asked]).toEqual(['SSH-2.0-x\r\n', [NAMES[0]]])
    })

    it('answers that come byte by byte open a tunnel', async () => {
      await beginHttp()
      const client = await bed.connect()
      const peer = await forward.askedByConnect()
      for (const byte of Buffer.concat([OPEN_HEAD, Buffer.from('hello')])) {
        await new Promise((sent) => peer.socket.write(Buffer.from([byte]), sent))
      }
      await client.receive(5)
      expect(client.received.toString()).toBe('hello')
    })

    it('bulk through a tunnel is moved as ever', async () => {
      await begin({}, { splice: 'on' })
      const client = await bed.connect()
      const backend = await forward.openBySocks()
      const before = backend.receivedBytes
      client.send(pattern(1, 3_000_000))
      client.end()
      await backend.receive(before + 3_000_000)
      expect(backend.received.subarray(before).equals(client.sent)).toBe(true)
      backend.end()
      const [record] = await bed.recorded(1)
      expect(record).toMatchObject({ bytesUp: 3_000_000, splicedUp: engine === 'kernel' ? 3_000_000 : 0 })
    })

    it('a PROXY header goes to the backend, inside the tunnel', async () => {
      await begin({ sendProxy: 'v1' })
      const client = await bed.connect()
      const backend = await forward.openBySocks()
      const before = backend.receivedBytes
      client.send(Buffer.from('x'))
      await backend.receive(before + 20)
      expect(backend.received.subarray(before).toString()).toMatch(/^PROXY TCP4 127\.0\.0\.1 /)
    })
  })

  describe('failures of a backend', () => {
    it('a backend that the forward proxy cannot reach has failed, and the next one is tried', async () => {
      await begin()
      const client = await bed.connect()
      const refused = await forward.askedBySocks()
      refused.socket.write(Buffer.from([5, 5, 0, 1, 0, 0, 0, 0, 0, 0]))
      await forward.openBySocks('hello')
      await client.receive(5)
      expect(forward.asked).toEqual(NAMES)
      expect(await refused.ended).not.toBe('')
      expect(backends()).toMatchObject([
        { failures: 1, lastError: 'ECONNREFUSED', active: 0 },
        { failures: 0, active: 1 },
      ])
    })

    it('a backend is to blame for 502, and for a silence after the request', async () => {
      await beginHttp({}, { timeouts: { connectMs: 200 } })
      const client = await bed.connect()
      ;(await forward.askedByConnect()).socket.write('HTTP/1.1 502 Bad Gateway\r\n\r\n')
      await forward.askedByConnect()
      expect(await client.ended).toBe('ECONNRESET')
      const [record] = await bed.recorded(1)
      expect(record!.ended).toEqual({
        by: 'backend',
        phase: 'connect',
        cause: 'connect-timeout',
        errno: 'ETIMEDOUT',
      })
      expect(backends()).toMatchObject([
        { failures: 1, lastError: 'CONNECT_502' },
        { failures: 1, lastError: 'ETIMEDOUT' },
      ])
    })
  })

  describe('failures of the forward proxy', () => {
    /** Its only client is turned away, and no backend is blamed. */
    async function expectBlamed(cause: string, errno: string): Promise<void> {
      const [record] = await bed.recorded(1)
      expect(record).toMatchObject({ ended: { by: 'proxy', phase: 'connect', cause, errno }, retries: 0 })
      expect(backends()).toMatchObject([
        { failures: 0, state: 'up', active: 0 },
        { failures: 0, state: 'up', active: 0 },
      ])
    }

    it('a forward proxy that refuses connects ends the client, and blames no backend', async () => {
      await forward.close()
      await begin()
      expect(await bed.turnedAway()).toBe('ECONNRESET')
      await expectBlamed('via: cannot connect', 'ECONNREFUSED')
    })

    it('a forward proxy that listens only on the second address of its name is reached there', async () => {
      await forward.close()
      forward = await ForwardProxy.listen('::1')
      await begin({ via: { socks5: `localhost:${forward.port}` } })
      const client = await bed.connect()
      await forward.openBySocks('hello')
      await client.receive(5)
      expect(backends()[0]).toMatchObject({ failures: 0, active: 1 })
    })

    it('a name of a forward proxy without an address is told, and no backend is blamed', async () => {
      const back = { backends: NAMES, via: 'socks5://proxy.invalid:1080' }
      bed = await Bed.start({ clusters: { back } }, { names: namesWith({}) })
      expect(await bed.turnedAway()).toBe('ECONNRESET')
      await expectBlamed('via: its name has no address', 'ENOTFOUND')
    })

    it('a client waits for the name of a forward proxy, and names of backends are never looked up', async () => {
      const dns = new ScriptedDns()
      const back = { backends: NAMES, via: `socks5://proxy.invalid:${forward.port}` }
      const names = new DnsNames(SETTINGS, { createClient: () => dns })
      bed = await Bed.start({ clusters: { back } }, { names })
      const client = await bed.connect()
      expect(dns.names).toEqual(['proxy.invalid'])
      dns.found('proxy.invalid', ['127.0.0.1'])
      await forward.openBySocks('hello')
      await client.receive(5)
      expect(dns.names).toEqual([])
    })

    it('a forward proxy that says nothing is too slow, and blames no backend', async () => {
      await begin({}, { timeouts: { connectMs: 100 } })
      const client = await bed.connect()
      const peer = await forward.server.accepted()
      expect(await client.ended).toBe('ECONNRESET')
      expect(await peer.ended).not.toBe('')
      await expectBlamed('via-timeout', 'ETIMEDOUT')
    })

    it.each<[string, string | Buffer, string, string]>([
      ['closes at once', '', 'via: it closed the connection', 'ECONNABORTED'],
      ['is an HTTP server', 'HTTP/1.1 400 Bad Request\r\n\r\n', 'via: not a SOCKS5 server', 'EPROTO'],
      ['asks for a password', Buffer.from([5, 255]), 'via: it asks for credentials', 'EACCES'],
    ])('a SOCKS5 server that %s is told in the record', async (_, answer, cause, errno) => {
      await begin()
      const client = await bed.connect()
      const peer = await forward.server.accepted()
      await peer.receive(3)
      peer.socket.end(answer)
      expect(await client.ended).toBe('ECONNRESET')
      await expectBlamed(cause, errno)
    })

    it('a forward proxy that sends without an end gives no tunnel', async () => {
      await beginHttp()
      const client = await bed.connect()
      const peer = await forward.askedByConnect()
      peer.socket.write('HTTP/1.1 200 OK\r\n')
      peer.sendForEver(Buffer.from(`A: ${'x'.repeat(1000)}\r\n`))
      expect(await client.ended).toBe('ECONNRESET')
      await peer.ended
      const [record] = await bed.recorded(1)
      expect(record!.ended.cause).toMatch(/^via: head of more than /)
    })

    it('a client that speaks HTTP gets 503', async () => {
      await forward.close()
      await begin(
        {},
        { listeners: [{ name: 'front', address: '127.0.0.1:0', cluster: 'back', protocol: 'http' }] },
      )
      const client = await bed.connect()
      client.send(
        Buffer.from(
          'GET / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n',
        ),
      )
      expect(await client.ended).toBe('fin')
      expect(client.received.toString()).toMatch(/^HTTP\/1\.1 503 /)
      client.end()
      await bed.recorded(1)
    })
  })

  it('only a cluster with a forward proxy counts failures of it from 0 on', async () => {
    const backends = [...NAMES]
    const listeners = ['back', 'direct'].map((cluster) => ({
      name: cluster,
      address: '127.0.0.1:0',
      cluster,
    }))
    const via = `socks5://127.0.0.1:${forward.port}`
    bed = await Bed.start({
      listeners,
      clusters: { back: { backends, via }, direct: { backends: ['127.0.0.1:1'] } },
    })
    const { endings } = bed.proxy.status()
    const about = endings.filter(({ cause }) => cause.startsWith('via'))
    expect(about.map(({ cluster, cause, count }) => [cluster, cause, count])).toEqual([
      ['back', 'via', 0],
      ['back', 'via-timeout', 0],
    ])
  })

  it('a client that is killed takes its half-open tunnel with it', async () => {
    await begin()
    const client = await bed.connect()
    const peer = await forward.askedBySocks()
    expect(await bed.control.kill({})).toEqual({ killed: 1 })
    expect(await client.ended).toBe('ECONNRESET')
    expect(await peer.ended).not.toBe('')
    expect(backends()[0]).toMatchObject({ failures: 0, active: 0 })
    await bed.recorded(1)
  })

  // The stream engine does not notice a reset of a client that it does not read.
  it.runIf(engine === 'kernel')('a client that goes away takes its half-open tunnel with it', async () => {
    await begin()
    const client = await bed.connect()
    const peer = await forward.askedBySocks()
    client.reset()
    expect(await peer.ended).not.toBe('')
    const [record] = await bed.recorded(1)
    expect(record!.ended).toMatchObject({ by: 'client', phase: 'connect', cause: 'client-gone' })
    expect(backends()[0]).toMatchObject({ failures: 0, active: 0 })
  })

  it('a tunnel that opens after its backend was taken out is closed again', async () => {
    await begin()
    const client = await bed.connect()
    const peer = await forward.askedBySocks()
    await bed.control.changeBackend('back', NAMES[0]!, { state: 'maint' })
    peer.socket.write(OPEN_REPLY)
    await forward.openBySocks('hello')
    await client.receive(5)
    expect(forward.asked).toEqual(NAMES)
    expect(await peer.ended).not.toBe('')
  })

  it('a reload takes a forward proxy away and gives another one, and the tunnels that are there stay', async () => {
    const backend = await Backend.listen()
    await begin({ backends: [backend.address] })
    const client = await bed.connect()
    const behind = await forward.openBySocks()
    await bed.reload({ clusters: { back: { backends: [backend.address] } } })
    await bed.connect()
    await backend.accepted()
    expect(bed.proxy.status().clusters[0]!.via).toBeUndefined()
    const password = { user: 'app', password: 'hidden-word' }
    await bed.reload({
      clusters: {
        back: { backends: [backend.address], via: { http: `127.0.0.1:${forward.port}`, ...password } },
      },
    })
    await bed.connect()
    const asked = await forward.askedByConnect()
    const basic = Buffer.from('app:hidden-word').toString('base64')
    expect(asked.received.toString()).toContain(`Proxy-Authorization: Basic ${basic}\r\n`)
    const before = behind.receivedBytes
    client.send(Buffer.from('still there'))
    await behind.receive(before + 11)
    await until(() => bed.proxy.status().connections.active === 3)
    const shown = JSON.stringify([bed.proxy.status(), bed.logged])
    expect(shown).not.toContain('hidden-word')
    expect(shown).not.toContain(basic)
    asked.socket.destroy()
    await backend.close()
  })
}
