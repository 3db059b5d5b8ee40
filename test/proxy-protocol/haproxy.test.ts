/**
 * HAProxy, which defines the protocol, as sender and as receiver. Our decoder finds the facts of the connection in what
 * HAProxy sends, and HAProxy finds them in what our encoder writes. Its documentation says which option sends what.
 */
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect as tlsConnect } from 'node:tls'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Address } from '../../src/address.js'
import { decodeProxyHeader } from '../../src/proxy-protocol/decode.js'
import { encodeProxyHeader } from '../../src/proxy-protocol/encode.js'
import type { ProxyHeader } from '../../src/proxy-protocol/header.js'
import { selfSigned } from '../support/certificate.js'
import { temporaryFolder } from '../support/folder.js'
import { connectTo, PeerServer } from '../support/peer.js'
import { areMissing, freePort, listeningOn, Program } from '../support/programs.js'

const PAYLOAD = Buffer.from('payload')
const PATIENCE = 'timeout connect 10s\n timeout client 10s\n timeout server 10s'

const tcp = (host: string, port: number) => ({ kind: 'tcp', host, port }) as const

/** Starts HAProxy, which runs until the test file ends, and waits until it listens on `ports`. */
async function startHaproxy(
  folder: string,
  name: string,
  config: string,
  ports: readonly number[],
): Promise<void> {
  const file = join(folder, name)
  writeFileSync(file, `${config}\n`)
  const haproxy = new Program('haproxy', ['-db', '-f', file])
  for (const port of ports) await listeningOn(port, haproxy)
}

describe.skipIf(areMissing('haproxy', 'openssl'))('HAProxy as sender', () => {
  const folder = temporaryFolder()
  const socketPath = join(folder, 'socket')
  const ports = { v1: 0, v1v6: 0, v2: 0, v2v6: 0, tls: 0 }
  let backend: PeerServer
  let pair: { cert: string; key: string }

  beforeAll(async () => {
    pair = await selfSigned(folder)
    const pem = join(folder, 'both.pem')
    writeFileSync(pem, readFileSync(pair.cert, 'utf8') + readFileSync(pair.key, 'utf8'))
    for (const name of Object.keys(ports) as (keyof typeof ports)[]) ports[name] = await freePort()
    backend = await PeerServer.listen(tcp('127.0.0.1', 0))
    const to = `server s 127.0.0.1:${(backend.address as { port: number }).port}`
    const ids = 'unique-id-format id-%cp'
    const all = 'crc32c,unique-id,authority,ssl,cert-cn,ssl-cipher,cert-sig,cert-key'
    const secure = `ssl crt ${pem} ca-file ${pair.cert} verify optional alpn h2`
    const config = `
      defaults
       mode tcp
       ${PATIENCE}
      listen v1
       bind 127.0.0.1:${ports.v1}
       bind ::1:${ports.v1v6}
       ${to} send-proxy
      listen v2
       bind 127.0.0.1:${ports.v2}
       bind ::1:${ports.v2v6}
       bind unix@${socketPath}
       ${ids}
       ${to} send-proxy-v2 proxy-v2-options crc32c,unique-id
      listen tls
       bind 127.0.0.1:${ports.tls} ${secure}
       ${ids}
       ${to} send-proxy-v2 proxy-v2-options ${all}`
    await startHaproxy(folder, 'sender.cfg', config, Object.values(ports))
    return () => backend.close()
  })

  /** The header that arrives at the backend before the payload. */
  async function arrived(): Promise<ProxyHeader> {
    const peer = await backend.accepted()
    await peer.receive(PAYLOAD.length)
    while (!peer.received.subarray(-PAYLOAD.length).equals(PAYLOAD))
      await peer.receive(peer.receivedBytes + 1)
    const answer = decodeProxyHeader(peer.received)
    peer.end()
    if (answer.kind !== 'match')
      throw new Error(`${JSON.stringify(answer)}: ${peer.received.toString('latin1')}`)
    expect(peer.received.subarray(answer.bytes)).toEqual(PAYLOAD)
    return answer.value
  }

  /** Connects and sends the payload; returns the header that the backend got, and the client's own port. */
  async function learntOf(address: Address): Promise<{ header: ProxyHeader; port: number }> {
    const client = await connectTo(address)
    const port = client.socket.localPort ?? 0
    client.send(PAYLOAD)
    const header = await arrived()
    client.end()
    await client.closed
    return { header, port }
  }

  it.each([
    ['IPv4', '127.0.0.1', 'v1', 'v2'],
    ['IPv6', '::1', 'v1v6', 'v2v6'],
  ] as const)('HAProxy sends the addresses of a client over %s', async (_, host, v1, v2) => {
    const first = await learntOf(tcp(host, ports[v1]))
    const addresses = { source: tcp(host, first.port), destination: tcp(host, ports[v1]) }
    expect(first.header).toEqual({ version: 1, command: 'proxy', tlvs: [], ...addresses })
    const second = await learntOf(tcp(host, ports[v2]))
    const uniqueId = Buffer.from(`id-${second.port}`)
    expect(second.header).toMatchObject({
      version: 2,
      command: 'proxy',
      source: tcp(host, second.port),
      destination: tcp(host, ports[v2]),
      uniqueId,
    })
    expect(second.header.tlvs.map(({ type }) => type).sort()).toEqual([0x03, 0x05])
  })

  it('HAProxy sends LOCAL if the client came by a unix socket', async () => {
    const { header } = await learntOf({ kind: 'unix', path: socketPath })
    expect(header).toEqual({ version: 2, command: 'local', tlvs: [] })
  })

  it('HAProxy sends all facts of a client over TLS', async () => {
    const identity = {
      cert: readFileSync(pair.cert),
      key: readFileSync(pair.key),
      ca: readFileSync(pair.cert),
    }
    const options = { host: '127.0.0.1', port: ports.tls, servername: 'localhost', ALPNProtocols: ['h2'] }
    const client = tlsConnect({ ...options, ...identity })
    await once(client, 'secureConnect')
    const source = tcp('127.0.0.1', client.localPort!)
    client.write(PAYLOAD)
    const header = await arrived()
    expect(header).toEqual({
      version: 2,
      command: 'proxy',
      source,
      destination: tcp('127.0.0.1', ports.tls),
      authority: 'localhost',
      uniqueId: Buffer.from(`id-${source.port}`),
      alpn: 'h2',
      ssl: {
        isTls: true,
        hasCertificate: true,
        hasSessionCertificate: true,
        isVerified: true,
        version: client.getProtocol(),
        cipher: client.getCipher().name,
        commonName: 'localhost',
        signatureAlgorithm: expect.stringContaining('SHA256'),
        keyAlgorithm: 'EC256',
      },
      tlvs: expect.anything(),
    })
    client.destroy()
  })
})

describe.skipIf(areMissing('haproxy'))('HAProxy as receiver', () => {
  const folder = temporaryFolder()
  let port: number

  beforeAll(async () => {
    port = await freePort()
    const said =
      '%[src]|%[src_port]|%[dst]|%[dst_port]|%[fc_pp_authority]|%[fc_pp_unique_id]|%[fc_rcvd_proxy]'
    const config = `
      defaults
       mode http
       ${PATIENCE}
      frontend f
       bind 127.0.0.1:${port} accept-proxy
       http-request return status 200 content-type text/plain lf-string "${said}"`
    await startHaproxy(folder, 'receiver.cfg', config, [port])
  })

  /** What HAProxy reads at the start of a connection with `header`. `PORT` stands for the client's own port. */
  async function understood(header: Buffer): Promise<string> {
    const client = await connectTo(tcp('127.0.0.1', port))
    client.send(Buffer.concat([header, Buffer.from('GET / HTTP/1.0\r\n\r\n')]))
    const own = String(client.socket.localPort)
    await client.ended
    client.end()
    const body = client.received.toString().split('\r\n\r\n')[1] ?? ''
    return body.replace(own, 'PORT').replace(String(port), 'LISTENER')
  }

  const v4 = { source: tcp('192.0.2.1', 4321), destination: tcp('198.51.100.7', 443) }
  const v6 = { source: tcp('2001:db8::1', 65535), destination: tcp('2001:db8:0:1::', 1) }
  const told = { authority: 'a.example', uniqueId: Buffer.from('id-7'), alpn: 'h2' }
  const ssl = {
    isTls: true,
    hasCertificate: true,
    hasSessionCertificate: true,
    isVerified: true,
    version: 'TLSv1.3',
  }

  it.each([
    ['v1 of IPv4', encodeProxyHeader(1, v4), '192.0.2.1|4321|198.51.100.7|443|||1'],
    ['v1 of IPv6', encodeProxyHeader(1, v6), '2001:db8::1|65535|2001:db8:0:1::|1|||1'],
    [
      'v1 of IPv4 to IPv6',
      encodeProxyHeader(1, { ...v6, source: v4.source }),
      '::ffff:192.0.2.1|4321|2001:db8:0:1::|1|||1',
    ],
    ['v1 of nothing', encodeProxyHeader(1, {}), '127.0.0.1|PORT|127.0.0.1|LISTENER|||1'],
    ['v2 of IPv4', encodeProxyHeader(2, v4), '192.0.2.1|4321|198.51.100.7|443|||1'],
    ['v2 of IPv6', encodeProxyHeader(2, v6), '2001:db8::1|65535|2001:db8:0:1::|1|||1'],
    [
      'v2 without a checksum',
      encodeProxyHeader(2, { ...v4, crc32c: false }),
      '192.0.2.1|4321|198.51.100.7|443|||1',
    ],
    [
      'v2 of IPv4 to IPv6',
      encodeProxyHeader(2, { ...v6, source: v4.source }),
      '::ffff:192.0.2.1|4321|2001:db8:0:1::|1|||1',
    ],
    [
      'v2 of everything',
      encodeProxyHeader(2, { ...v4, ...told, ssl, netns: 'blue' }),
      '192.0.2.1|4321|198.51.100.7|443|a.example|id-7|1',
    ],
    [
      'v2 with TLVs of vendors',
      encodeProxyHeader(2, { ...v4, ...told, others: [{ type: 0xea, value: Buffer.from('vpce') }] }),
      '192.0.2.1|4321|198.51.100.7|443|a.example|id-7|1',
    ],
  ])('HAProxy reads our PROXY header, %s', async (_, header, said) => {
    expect(await understood(header)).toBe(said)
  })

  it('HAProxy and our decoder refuse a wrong checksum', async () => {
    const header = encodeProxyHeader(2, v4)
    header.writeUInt8(header.readUInt8(16) ^ 1, 16)
    expect(await understood(header)).toBe('')
    expect(decodeProxyHeader(header)).toEqual({ kind: 'no-match', reason: 'v2: wrong checksum' })
  })
})
