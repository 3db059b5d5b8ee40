/** The address of a client in PROXY headers that are sent or relayed, in routes and in records. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import type { ListenerInput } from '../../src/config/listener-input.js'
import { decodeProxyHeader } from '../../src/proxy-protocol/decode.js'
import { Bed } from '../proxy/bed.js'
import { unixName, v2 } from '../proxy-protocol/headers.js'
import { Backend } from '../support/backend.js'
import { selfSigned } from '../support/certificate.js'
import { temporaryFolder } from '../support/folder.js'

const FIXED_BYTES = 16
const MAPPED = `${'00'.repeat(10)}ffff`
const OF_UNIX = v2('2131', unixName('/run/a'), unixName('/run/b'))

export function describeToldAddresses(): void {
  const folder = temporaryFolder()
  let pair: { cert: string; key: string }
  let backend: Backend
  let other: Backend
  let bed: Bed

  beforeAll(async () => {
    pair = await selfSigned(folder)
  })
  beforeEach(async () => {
    backend = await Backend.listen()
    other = await Backend.listen()
  })
  afterEach(async () => {
    await bed.end()
    await Promise.all([backend.close(), other.close()])
  })

  const start = async (sendProxy: 'v1' | 'v2', front: Partial<ListenerInput>) => {
    bed = await Bed.start({
      listeners: [{ name: 'front', address: '[::]:0', cluster: 'back', ...front }],
      clusters: {
        back: { backends: [backend.address], sendProxy },
        other: { backends: [other.address], sendProxy },
      },
    })
  }

  const port = () => Number(bed.address().split(':').at(-1))

  /** Sends these bytes by IPv4 or by a unix socket. Returns what the backend gets. */
  const told = async (bytes: Buffer | string = '', at = backend): Promise<Buffer> => {
    const path = bed.address().startsWith('unix:') ? bed.address().slice('unix:'.length) : undefined
    const client = path === undefined ? connect(port(), '127.0.0.1') : connect(path)
    await once(client, 'connect')
    client.write(bytes)
    const peer = await at.accepted()
    await peer.receive(FIXED_BYTES)
    peer.end()
    client.end()
    await bed.recorded(1)
    await peer.closed
    return peer.received
  }

  it('a PROXY header of version 1 tells a client that came to [::] by IPv4 as IPv4', async () => {
    await start('v1', {})
    expect((await told()).toString()).toMatch(/^PROXY TCP4 127\.0\.0\.1 127\.0\.0\.1 \d+ \d+\r\n$/)
    expect(bed.records[0]!.client).toMatch(/^127\.0\.0\.1:\d+$/)
  })

  it('a PROXY header of version 2, a route and a record tell a client that came to [::] by IPv4 as IPv4', async () => {
    await start('v2', { routes: [{ source: '127.0.0.0/8', cluster: 'other' }] })
    expect(decodeProxyHeader(await told('', other))).toMatchObject({
      value: { source: { host: '127.0.0.1' }, destination: { host: '127.0.0.1', port: port() } },
    })
    expect(bed.records[0]!.client).toMatch(/^127\.0\.0\.1:\d+$/)
  })

  it.each(['v1', 'v2'] as const)(
    'a PROXY header %s tells a client that came to [::] by IPv4 as IPv4, also if its TLS ends here',
    async (version) => {
      await start(version, { tls: pair })
      const client = connectTls({ port: port(), host: '127.0.0.1', rejectUnauthorized: false })
      const peer = await backend.accepted()
      await peer.receive(FIXED_BYTES)
      const ipv4 =
        version === 'v1' ? Buffer.from('PROXY TCP4 127.0.0.1 127.0.0.1 ') : v2('2111').subarray(0, 14)
      expect(peer.received.subarray(0, ipv4.length)).toEqual(ipv4)
      client.destroy()
      peer.end()
      expect((await bed.recorded(1))[0]!.client).toMatch(/^127\.0\.0\.1:\d+$/)
    },
  )

  it.each([
    ['version 1', 'PROXY TCP6 ::ffff:192.0.2.7 ::ffff:c633:6409 50000 443\r\n'],
    ['version 2', v2('2121', `${MAPPED}c0000207`, `${MAPPED}c6336409`, 'c35001bb')],
  ])('an IPv4-mapped client of a PROXY header of %s is IPv4 wherever it is told', async (_, header) => {
    const routes = [{ source: '192.0.2.0/24', cluster: 'other' }]
    await start('v1', { acceptProxy: { from: ['127.0.0.1'] }, routes })
    expect((await told(header, other)).toString()).toBe('PROXY TCP4 192.0.2.7 198.51.100.9 50000 443\r\n')
    const [record] = bed.records
    expect(record).toMatchObject({
      client: '192.0.2.7:50000',
      proxy: { destination: '198.51.100.9:443', from: expect.stringMatching(/^127\.0\.0\.1:\d+$/) },
    })
  })

  it('an IPv4 client stays IPv4-mapped in a relayed PROXY header if the destination is IPv6', async () => {
    await start('v1', { acceptProxy: { from: ['127.0.0.1'] } })
    const header = 'PROXY TCP6 ::ffff:192.0.2.7 2001:db8::9 50000 443\r\n'
    expect((await told(header)).toString()).toBe(header)
    expect(bed.records[0]!.client).toBe('192.0.2.7:50000')
  })

  it('a PROXY header of version 2 has no address for a client by unix socket, because HAProxy refuses AF_UNIX', async () => {
    await start('v2', { address: `unix:${join(folder, 'front')}` })
    expect((await told())[13]).toBe(0)
  })

  it('the name of a unix socket in a PROXY header is not relayed', async () => {
    await start('v2', { acceptProxy: { from: ['127.0.0.1'] } })
    expect((await told(OF_UNIX))[13]).toBe(0)
    expect(bed.records[0]!.client).toBe('unix:/run/a')
  })
}
