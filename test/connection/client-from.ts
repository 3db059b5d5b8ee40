/** `clientFrom`: a trusted proxy in front names the client in the request. Routes, records and headers then use it. */
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ListenerInput } from '../../src/config/listener-input.js'
import { decodeProxyHeader } from '../../src/proxy-protocol/decode.js'
import { V2_SIGNATURE } from '../../src/proxy-protocol/header.js'
import { Bed, type BedConfig } from '../proxy/bed.js'
import { hastened } from '../proxy/time.js'
import { Backend } from '../support/backend.js'
import { temporaryFolder } from '../support/folder.js'
import { headAt, UPGRADE } from './upgrades.js'

const requestWith = (...fields: string[]): string =>
  ['GET / HTTP/1.1', 'Host: a.test', ...fields, '', ''].join('\r\n')

export function describeClientFrom(): void {
  const folder = temporaryFolder()
  let backend: Backend
  let bed: Bed

  beforeEach(async () => {
    backend = await Backend.listen()
  })
  afterEach(async () => await bed.end())

  const start = async (listener: Partial<ListenerInput> = {}, more: BedConfig = {}) => {
    const front = {
      name: 'front',
      address: '127.0.0.1:0',
      cluster: 'back',
      protocol: 'http',
      http: 'forward',
      clientFrom: { field: 'X-Forwarded-For', trusted: ['127.0.0.1', '10.0.0.0/8'] },
      ...listener,
    } as const
    bed = await Bed.start({ backends: [backend], ...more, listeners: [front] })
  }

  /** Sends a request. Returns what the backend gets, and the record. */
  const pass = async (bytes: string) => {
    const client = await bed.connect()
    client.send(Buffer.from(bytes))
    const peer = await backend.accepted()
    // A PROXY header of version 2 begins with the bytes that end a head.
    while (!peer.received.includes('\r\n\r\n', V2_SIGNATURE.length))
      await peer.receive(peer.receivedBytes + 1)
    client.socket.destroy()
    peer.socket.destroy()
    const [record] = await hastened(bed, bed.recorded(1))
    return { head: peer.received.toString(), received: peer.received, record: record! }
  }

  it.each<[string, string[], string]>([
    ['the only address in the field', ['X-Forwarded-For: 192.0.2.7'], '192.0.2.7:0'],
    [
      'the last address that is not trusted',
      ['X-Forwarded-For: 6.6.6.6, 192.0.2.7, 10.0.0.9'],
      '192.0.2.7:0',
    ],
    [
      'the last address of all fields',
      ['X-Forwarded-For: 6.6.6.6', 'x-forwarded-for: 192.0.2.7'],
      '192.0.2.7:0',
    ],
    ['an IPv6 address', ['X-Forwarded-For: [2001:db8::7]:443'], '[2001:db8::7]:0'],
    ['the first address if all are trusted', ['X-Forwarded-For: 10.0.0.1, 10.0.0.2'], '10.0.0.1:0'],
    [
      'the last address before text that is no address',
      ['X-Forwarded-For: 6.6.6.6, unknown, 10.0.0.2'],
      '10.0.0.2:0',
    ],
  ])('the client of a request is %s', async (_, fields, client) => {
    await start()
    const { head, record } = await pass(requestWith(...fields))
    expect(record.client).toBe(client)
    expect(record.peer).toMatch(/^127\.0\.0\.1:\d+$/)
    const host = client.slice(0, -2).replace(/[[\]]/g, '')
    expect(head).toContain(`\r\nX-Forwarded-For: ${host}\r\n`)
    expect(head).not.toContain('6.6.6.6')
  })

  it.each<[string, Partial<ListenerInput>, string[]]>([
    ['the request has no such field', {}, []],
    ['the last entry of the field is no address', {}, ['X-Forwarded-For: 6.6.6.6, unknown']],
    ['only another field has an address', {}, ['X-Real-IP: 6.6.6.6']],
    ['the sender is not trusted', { clientFrom: { trusted: '10.0.0.0/8' } }, ['X-Forwarded-For: 6.6.6.6']],
  ])('the client of a request is its sender if %s', async (_, listener, fields) => {
    await start(listener)
    const { head, record } = await pass(requestWith(...fields))
    expect(record.client).toMatch(/^127\.0\.0\.1:[1-9]/)
    expect(record.peer).toBeUndefined()
    expect(head).toContain('\r\nX-Forwarded-For: 127.0.0.1\r\n')
    expect(head).not.toContain('6.6.6.6')
  })

  it.each<[string, string]>([
    ['forwarded', 'Forwarded: for=6.6.6.6, for=192.0.2.7;proto=https, for="10.0.0.9:80"'],
    ['CF-Connecting-IP', 'CF-Connecting-IP: 192.0.2.7'],
    ['x-my-client', 'X-My-Client: 192.0.2.7'],
  ])('a trusted proxy can name the client in the field %s', async (field, line) => {
    await start({ clientFrom: { field, trusted: ['127.0.0.1', '10.0.0.0/8'] }, xForwarded: 'forwarded' })
    const { head, record } = await pass(requestWith(line))
    expect(record.client).toBe('192.0.2.7:0')
    expect(head).toBe(
      [
        'GET / HTTP/1.1',
        'Forwarded: for=192.0.2.7;host=a.test;proto=http',
        'Connection: close',
        'Host: a.test',
        '',
        '',
      ].join('\r\n'),
    )
  })

  it('with xForwarded "append" an upgrade keeps the fields of the trusted proxy and gets the client added', async () => {
    await start({ xForwarded: 'append' })
    const said = 'X-Forwarded-Proto: https\r\nX-Forwarded-For: 192.0.2.7\r\n\r\n'
    const { head } = await pass(`${UPGRADE.slice(0, -2)}${said}`)
    expect(head).toContain('\r\nX-Forwarded-For: 192.0.2.7, 192.0.2.7\r\n')
    expect(head.match(/X-Forwarded-Proto: .*/g)).toEqual(['X-Forwarded-Proto: https'])
  })

  it('a route by source matches the client that a trusted proxy names', async () => {
    await start({ routes: [{ source: '192.0.2.0/24', reject: true }] })
    const client = await bed.connect()
    client.send(Buffer.from(requestWith('X-Forwarded-For: 192.0.2.7')))
    await client.ended
    client.end()
    expect(client.received.toString()).toMatch(/^HTTP\/1\.1 403 /)
    expect((await bed.recorded(1))[0]).toMatchObject({ client: '192.0.2.7:0', ended: { cause: 'rejected' } })
  })

  it('route functions and operators see the client that a trusted proxy names', async () => {
    const seen: unknown[] = []
    await start({
      route: (visitor) => {
        seen.push(visitor.client)
        return 'back'
      },
    })
    const client = await bed.connect()
    client.send(Buffer.from(requestWith('X-Forwarded-For: 192.0.2.7')))
    await headAt(await backend.accepted())
    expect(seen).toEqual([{ kind: 'tcp', host: '192.0.2.7', port: 0 }])
    const { connections } = await bed.control.connections({ client: '192.0.2.7' })
    expect(connections.map((each) => each.client)).toEqual(['192.0.2.7:0'])
    client.reset()
  })

  it('the log names the client of a trusted proxy when a route function fails', async () => {
    await start({
      route: () => {
        throw new Error('oh no')
      },
    })
    const client = await bed.connect()
    client.send(Buffer.from(requestWith('X-Forwarded-For: 192.0.2.7')))
    await client.ended
    client.end()
    expect((await bed.told(/route function failed/)).client).toBe('192.0.2.7:0')
  })

  describe.each([
    ['IPv4', '192.0.2.7'],
    ['IPv6', '2001:db8::7'],
  ])('the %s client of a request', (_, host) => {
    it.each([
      ['v1', '127.0.0.1:0'],
      ['v2', '127.0.0.1:0'],
      ['v1', 'unix'],
      ['v2', 'unix'],
    ] as const)(
      'a PROXY header %s tells the client that a trusted proxy names, also for a request by %s',
      async (sendProxy, where) => {
        const address = where === 'unix' ? `unix:${join(folder, `front-${sendProxy}-${host.length}`)}` : where
        const clusters = { back: { backends: [backend.address], sendProxy } }
        await start({ address, clientFrom: { trusted: ['127.0.0.1', 'unix'] } }, { clusters })
        const { received } = await pass(requestWith(`X-Forwarded-For: ${host}`))
        const answer = decodeProxyHeader(received)
        if (answer.kind !== 'match') expect.fail(answer.kind)
        expect(answer.value.source).toEqual({ kind: 'tcp', host, port: 0 })
      },
    )
  })

  it('a request behind a PROXY header has the address of that header as its sender', async () => {
    await start({
      acceptProxy: { from: ['127.0.0.1'] },
      clientFrom: { trusted: '198.51.100.0/24' },
    })
    const header = 'PROXY TCP4 198.51.100.1 198.51.100.2 5000 80\r\n'
    const { record } = await pass(`${header}${requestWith('X-Forwarded-For: 192.0.2.7, 198.51.100.3')}`)
    expect(record).toMatchObject({ client: '192.0.2.7:0', peer: '198.51.100.1:5000' })
    expect(record.proxy!.from).toMatch(/^127\.0\.0\.1:/)
  })

  it('a request that has too many fields with those of millrace gets a 431 before any dial', async () => {
    await start()
    const client = await bed.connect()
    client.send(Buffer.from(requestWith(...Array.from({ length: 97 }, (_, i) => `x-${i}: 1`))))
    await client.ended
    client.end()
    expect(client.received.toString()).toMatch(/^HTTP\/1\.1 431 /)
    expect((await bed.recorded(1))[0]!.ended).toMatchObject({
      phase: 'opening',
      cause: 'bad-request: head of more than 100 fields',
    })
    expect(backend.peers).toEqual([])
  })
}
