/** PROXY headers that a listener accepts, and those that a cluster's backends are sent. */
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { ClusterInput } from '../../src/config/input.js'
import type { ListenerInput } from '../../src/config/listener-input.js'
import { decodeProxyHeader } from '../../src/proxy-protocol/decode.js'
import { encodeProxyHeader } from '../../src/proxy-protocol/encode.js'
import type { ProxyHeader, Tlv } from '../../src/proxy-protocol/header.js'
import { Bed } from '../proxy/bed.js'
import { unixName, v2 } from '../proxy-protocol/headers.js'
import { Backend } from '../support/backend.js'
import { temporaryFolder } from '../support/folder.js'

type SendProxy = NonNullable<ClusterInput['sendProxy']>

const V1 = 'PROXY TCP4 192.0.2.7 198.51.100.9 50000 443\r\n'
const V2 = encodeProxyHeader(2, {
  source: { kind: 'tcp', host: '2001:db8::7', port: 50000 },
  destination: { kind: 'tcp', host: '2001:db8::9', port: 443 },
  authority: 'a.test',
  uniqueId: Buffer.from('id-1'),
})
const SIGNATURE = V2.subarray(0, 12)
const LOCAL = Buffer.concat([SIGNATURE, Buffer.from([0x20, 0, 0, 0])])
/** LOCAL with foreign addresses, which must be skipped unread. */
const LYING_LOCAL = Buffer.concat([SIGNATURE, Buffer.from([0x20, 0x11, 0, 12, ...Array(12).fill(9)])])
const UNSPEC = Buffer.concat([SIGNATURE, Buffer.from([0x21, 0, 0, 0])])
/** A header with vendors' TLVs, as AWS sends it. Its TLS part also has an unknown TLV. */
const VENDORS = encodeProxyHeader(2, {
  source: { kind: 'tcp', host: '192.0.2.7', port: 50000 },
  destination: { kind: 'tcp', host: '198.51.100.9', port: 443 },
  authority: 'a.test',
  uniqueId: Buffer.from('id-1'),
  ssl: {
    isTls: true,
    hasCertificate: false,
    hasSessionCertificate: false,
    isVerified: false,
    version: 'TLSv1.3',
    others: [{ type: 0x2a, value: Buffer.from('X25519') }],
  },
  netns: 'blue',
  others: [
    { type: 0xea, value: Buffer.from('\x01vpce-08d2bf15fac5001c9') },
    { type: 0xe0, value: Buffer.from([0, 255]) },
    { type: 0xea, value: Buffer.alloc(0) },
  ],
})
const UNIX = v2('2131', unixName('/a'), unixName('/b'))

export function describeProxyHeaders(): void {
  const folder = temporaryFolder()
  let backend: Backend
  let bed: Bed

  beforeEach(async () => {
    backend = await Backend.listen()
  })
  afterEach(async () => await bed.end())

  const start = async (
    accept: Partial<ListenerInput['acceptProxy']> = {},
    listener: Partial<ListenerInput> = {},
  ) => {
    const acceptProxy = { from: ['127.0.0.1'], timeoutMs: 60_000, ...accept }
    const front = { name: 'front', address: '127.0.0.1:0', cluster: 'back', acceptProxy, ...listener }
    bed = await Bed.start({ backends: [backend], listeners: [front] })
  }

  /** Sends these bytes and ends. Returns what the backend got, once it has ended as well. */
  const pass = async (...segments: (string | Buffer)[]): Promise<string> => {
    const client = await bed.connect()
    for (const segment of segments) client.send(Buffer.from(segment))
    client.end()
    const peer = await backend.accepted()
    await peer.ended
    peer.end()
    await client.closed
    return peer.received.toString()
  }

  it.each([
    ['version 1', Buffer.from(V1), '192.0.2.7:50000'],
    ['version 2', V2, '[2001:db8::7]:50000'],
  ])('a PROXY header of %s is taken to its last byte, and names the client', async (_, header, client) => {
    await start()
    expect(await pass(Buffer.concat([header, Buffer.from('payload')]))).toBe('payload')
    const [record] = await bed.recorded(1)
    expect(record).toMatchObject({ client, bytesUp: 7, ended: { cause: 'finished' } })
    expect(record!.proxy!.from).toMatch(/^127\.0\.0\.1:/)
  })

  it('the TLVs of a PROXY header are in the record', async () => {
    await start()
    await pass(V2)
    const [{ proxy }] = (await bed.recorded(1)) as [Awaited<ReturnType<Bed['recorded']>>[number]]
    const uniqueId = Buffer.from('id-1').toString('base64')
    expect(proxy).toMatchObject({
      version: 2,
      authority: 'a.test',
      uniqueId,
      destination: '[2001:db8::9]:443',
    })
    expect(proxy!.tlvs.toSorted((a, b) => a - b)).toEqual([2, 3, 5])
  })

  it.each([
    ['version 1', Buffer.from(V1)],
    ['version 2', V2],
  ])('a PROXY header of %s may come one byte at a time', async (_, header) => {
    await start()
    const client = await bed.connect()
    for (const byte of header) {
      client.send(Buffer.from([byte]))
      await new Promise<void>((resolve) => client.socket.write('', () => resolve()))
    }
    client.send(Buffer.from('payload'))
    client.end()
    const peer = await backend.accepted()
    await peer.ended
    expect(peer.received.toString()).toBe('payload')
    peer.end()
  })

  it("a second PROXY header is passed on as the client's own bytes", async () => {
    await start()
    expect(await pass(V1, V1, 'x')).toBe(`${V1}x`)
    expect((await bed.recorded(1))[0]!.client).toBe('192.0.2.7:50000')
  })

  it.each([
    ['LOCAL', LOCAL, 'local'],
    ['LOCAL with addresses (sozu#1334, CVE-2024-23327)', LYING_LOCAL, 'local'],
    ['UNSPEC', UNSPEC, 'proxy'],
    ['UNKNOWN', Buffer.from('PROXY UNKNOWN ff::1 ::1 1 2\r\n'), 'proxy'],
  ])('a PROXY header with %s leaves the client its own address', async (_, header, command) => {
    await start()
    expect(await pass(Buffer.concat([header, Buffer.from('x')]))).toBe('x')
    const [record] = await bed.recorded(1)
    expect(record!.client).toMatch(/^127\.0\.0\.1:/)
    expect(record!.client).toBe(record!.proxy!.from)
    expect(record!.proxy!.command).toBe(command)
  })

  it('a PROXY header with AF_UNIX names a unix client', async () => {
    await start()
    expect(await pass(UNIX, 'x')).toBe('x')
    expect((await bed.recorded(1))[0]!.client).toBe('unix:/a')
  })

  it.each<[string, string | Buffer, RegExp]>([
    ['other bytes', 'GET / HTTP/1.1\r\n\r\n', /^not a PROXY protocol header$/],
    ['a line of more than 107 bytes', `PROXY UNKNOWN ${'x'.repeat(100)}\r\n`, /./],
    ['an invalid port', 'PROXY TCP4 1.2.3.4 1.2.3.4 65536 1\r\n', /port/],
    ['a wrong checksum', Buffer.concat([V2.subarray(0, -1), Buffer.from([V2.at(-1)! ^ 1])]), /./],
    ['an impossible length', Buffer.concat([SIGNATURE, Buffer.from([0x21, 0x11, 0xff, 0xff])]), /./],
  ])('a PROXY header with %s ends the connection before any dial', async (_, header, reason) => {
    await start()
    const client = await bed.connect()
    client.send(Buffer.from(header))
    expect(await client.ended).toMatch(/ECONNRESET|fin/)
    const [record] = await bed.recorded(1)
    const { cause, ...rest } = record!.ended
    expect(rest).toEqual({ by: 'proxy', phase: 'opening' })
    expect(cause).toMatch(/^proxy-header: /)
    expect(cause.slice('proxy-header: '.length)).toMatch(reason)
    expect(record).toMatchObject({ termination: 'PR', bytesUp: 0 })
    expect(backend.peers).toEqual([])
  })

  it.each([
    ['ends', (client: Awaited<ReturnType<Bed['connect']>>) => client.end()],
    ['breaks', (client: Awaited<ReturnType<Bed['connect']>>) => client.reset()],
  ])('a client that %s inside its PROXY header is recorded as gone', async (_, leave) => {
    await start()
    const client = await bed.connect()
    client.send(Buffer.from(V1.slice(0, 20)))
    await new Promise<void>((resolve) => client.socket.write('', () => resolve()))
    leave(client)
    const [record] = await bed.recorded(1)
    expect(record).toMatchObject({
      ended: { by: 'client', phase: 'opening', cause: 'client-gone' },
      termination: 'CR',
    })
  })

  it.each([
    ['no byte', ''],
    ['its first bytes', V1.slice(0, 9)],
  ])('a client that is too slow with its PROXY header is closed: %s', async (_, beginning) => {
    await start({ timeoutMs: 30 })
    const client = await bed.connect()
    if (beginning !== '') client.send(Buffer.from(beginning))
    await client.ended
    expect((await bed.recorded(1))[0]!.ended.cause).toBe('proxy-header: too slow')
  })

  it('a client that may not send a PROXY header is refused if one is required', async () => {
    await start({ from: ['192.0.2.0/24'] })
    // The client may be refused before it sees that it was accepted.
    await bed.connect().catch(() => undefined)
    expect((await bed.recorded(1))[0]!.ended.cause).toBe('proxy-header: not from a trusted sender')
  })

  it('the record of a refused PROXY header redacts the address of its sender', async () => {
    const acceptProxy = { from: ['192.0.2.0/24'], timeoutMs: 60_000 }
    const front = { name: 'front', address: '127.0.0.1:0', cluster: 'back', acceptProxy }
    bed = await Bed.start({
      backends: [backend],
      listeners: [front],
      log: { access: { redact: ['client'] } },
    })
    await bed.connect().catch(() => undefined)
    const [record] = await bed.recorded(1)
    expect(record!.client).toBe('127.0.0.0:0')
    expect(JSON.stringify(record)).not.toContain('127.0.0.1')
  })

  it('a PROXY header from an untrusted sender is payload if none is required', async () => {
    await start({ from: ['192.0.2.0/24'], required: false })
    expect(await pass(V1)).toBe(V1)
    expect((await bed.recorded(1))[0]!.client).toMatch(/^127/)
  })

  it('a PROXY header may be missing if it is not required', async () => {
    await start({ required: false })
    expect(await pass('hello')).toBe('hello')
    expect((await bed.recorded(1))[0]!.proxy).toBeUndefined()
  })

  it('a client without a PROXY header is dialled after the deadline, so its server can speak first', async () => {
    await start({ required: false, timeoutMs: 30 })
    const client = await bed.connect()
    const peer = await backend.accepted()
    peer.send(Buffer.from('220 hello'))
    await client.receive(9)
    client.end()
    peer.end()
  })

  it('half a PROXY header ends the connection although none is required', async () => {
    await start({ required: false, timeoutMs: 30 })
    const client = await bed.connect()
    client.send(Buffer.from('PROXY TCP4 192.'))
    expect((await bed.recorded(1))[0]!.ended.cause).toBe('proxy-header: too slow')
    expect(backend.peers).toEqual([])
  })

  it('a PROXY header may come by a unix socket', async () => {
    await start({ from: ['unix'] }, { address: `unix:${join(folder, 'front')}` })
    expect(await pass(V1, 'x')).toBe('x')
    expect((await bed.recorded(1))[0]).toMatchObject({ client: '192.0.2.7:50000' })
  })

  it.each([
    ['v1', 1],
    ['v2', 2],
  ] as const)(
    'a backend is sent a PROXY header %s with the client of the header that was received',
    async (sendProxy, version) => {
      bed = await Bed.start({
        listeners: [
          {
            name: 'front',
            address: '127.0.0.1:0',
            cluster: 'back',
            acceptProxy: { from: ['127.0.0.1'] },
          },
        ],
        clusters: { back: { backends: [backend.address], sendProxy } },
      })
      const client = await bed.connect()
      client.send(Buffer.from(`${V1}payload`))
      client.end()
      const peer = await backend.accepted()
      await peer.ended
      peer.end()
      const answer = decodeProxyHeader(peer.received)
      if (answer.kind !== 'match') throw new Error(`no header: ${answer.kind}`)
      expect(peer.received.subarray(answer.bytes).toString()).toBe('payload')
      expect(answer.value).toMatchObject({
        version,
        source: { kind: 'tcp', host: '192.0.2.7', port: 50000 },
        destination: { kind: 'tcp', host: '198.51.100.9', port: 443 },
      })
      const [record] = await bed.recorded(1)
      expect(record!.bytesUp).toBe(7)
      if (version === 2) expect(answer.value.uniqueId?.toString()).toBe(record!.id)
    },
  )

  it("the record has the values of the vendors' TLVs that logTlvs names", async () => {
    await start({ logTlvs: [0xea, 0xee] })
    await pass(VENDORS, 'x')
    const [record] = await bed.recorded(1)
    expect(record!.proxy!.tlvs).toEqual([2, 5, 0x20, 0x30, 0xea, 0xe0, 0xea, 3])
    expect(record!.proxy!.tlvValues).toEqual([
      { type: 0xea, value: Buffer.from('\x01vpce-08d2bf15fac5001c9').toString('base64') },
      { type: 0xea, value: '' },
    ])
  })

  it.each<[SendProxy, number[]]>([
    ['v2', [2, 5, 0x20, 3]],
    [{ version: 'v2' }, [2, 5, 0x20, 3]],
    [{ version: 'v2', tlvs: [] }, [3]],
    [{ version: 'v2', tlvs: ['authority'] }, [2, 3]],
    [{ version: 'v2', tlvs: ['fromClient'] }, [0x30, 0xea, 0xe0, 0xea, 3]],
    [
      { version: 'v2', tlvs: ['ssl', 'authority', 'alpn', 'uniqueId', 'fromClient'] },
      [2, 5, 0x20, 0x30, 0xea, 0xe0, 0xea, 3],
    ],
  ])('a PROXY header to a cluster with sendProxy %j has the TLVs %j', async (sendProxy, types) => {
    const acceptProxy = { from: ['127.0.0.1'] }
    bed = await Bed.start({
      listeners: [{ name: 'front', address: '127.0.0.1:0', cluster: 'back', acceptProxy }],
      clusters: { back: { backends: [backend.address], sendProxy } },
    })
    const client = await bed.connect()
    client.send(Buffer.concat([VENDORS, Buffer.from('payload')]))
    client.end()
    const peer = await backend.accepted()
    await peer.ended
    peer.end()
    const answer = decodeProxyHeader(peer.received)
    if (answer.kind !== 'match') throw new Error(`no header: ${answer.kind}`)
    expect(peer.received.subarray(answer.bytes).toString()).toBe('payload')
    expect(answer.value.tlvs.map(({ type }) => type)).toEqual(types)
    const received = (decodeProxyHeader(VENDORS) as { value: ProxyHeader }).value
    const keepsAll = typeof sendProxy === 'object' && sendProxy.tlvs?.includes('fromClient')
    const isFromClient = ({ type }: Tlv) => type >= 0x30
    if (keepsAll) {
      expect(answer.value.tlvs.filter(isFromClient)).toEqual(received.tlvs.filter(isFromClient))
    }
    if (types.includes(0x20)) expect(answer.value.ssl?.others?.length ?? 0).toBe(keepsAll ? 1 : 0)
  })

  it('a backend is sent a PROXY header also for a client that sent none', async () => {
    bed = await Bed.start({ clusters: { back: { backends: [backend.address], sendProxy: 'v1' } } })
    const client = await bed.connect()
    const peer = await backend.accepted()
    await peer.receive(20)
    const [, from, to, fromPort, toPort] = peer.received.toString().trim().split(' ').slice(1)
    expect([from, to].filter(Boolean)).toContain('127.0.0.1')
    expect([fromPort, toPort].map(Number).every((port) => port > 0)).toBe(true)
    client.end()
    peer.end()
  })
}
