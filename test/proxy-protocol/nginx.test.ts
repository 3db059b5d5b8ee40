/** nginx at both ends: its stream module sends version 1, its HTTP server receives either. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { decodeProxyHeader } from '../../src/proxy-protocol/decode.js'
import { encodeProxyHeader } from '../../src/proxy-protocol/encode.js'
import { temporaryFolder } from '../support/folder.js'
import { STREAM_MODULE } from '../support/nginx.js'
import { connectTo, PeerServer } from '../support/peer.js'
import { areMissing, cannotTest, freePort, listeningOn, Program } from '../support/programs.js'

/** The folders for nginx's temporary files. The config puts them into the test's own folder. */
const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
const PAYLOAD = Buffer.from('payload')

const tcp = (host: string, port: number) => ({ kind: 'tcp', host, port }) as const
const hasNoStream = (): boolean => !existsSync(STREAM_MODULE) && cannotTest('nginx has no stream module')

/** Starts nginx, which runs until the test file ends, and waits until it listens on `ports`. */
async function startNginx(
  folder: string,
  modules: string,
  blocks: string,
  ports: readonly number[],
): Promise<void> {
  const own = join(folder, 'nginx')
  mkdirSync(own)
  const file = join(own, 'nginx.conf')
  const main = `daemon off; master_process off; pid ${own}/pid; events { worker_connections 64; }`
  writeFileSync(file, `${modules}\n${main}\n${blocks}\n`)
  const nginx = new Program('nginx', ['-p', own, '-c', file, '-e', join(own, 'error.log')])
  for (const port of ports) await listeningOn(port, nginx)
}

describe.skipIf(areMissing('nginx') || hasNoStream())('nginx as sender', () => {
  const folder = temporaryFolder()
  let backend: PeerServer
  let ports: { v4: number; v6: number }

  beforeAll(async () => {
    ports = { v4: await freePort(), v6: await freePort() }
    backend = await PeerServer.listen(tcp('127.0.0.1', 0))
    const stream = `stream { server {
      listen 127.0.0.1:${ports.v4}; listen [::1]:${ports.v6};
      proxy_protocol on; proxy_pass 127.0.0.1:${(backend.address as { port: number }).port};
    } }`
    await startNginx(folder, `load_module ${STREAM_MODULE};`, stream, Object.values(ports))
    return () => backend.close()
  })

  it.each([
    ['127.0.0.1', 'v4'],
    ['::1', 'v6'],
  ] as const)('nginx sends the addresses of a client at %s', async (host, family) => {
    const port = ports[family]
    const client = await connectTo(tcp(host, port))
    client.send(PAYLOAD)
    const peer = await backend.accepted()
    const source = tcp(host, client.socket.localPort!)
    const value = { version: 1, command: 'proxy', tlvs: [], source, destination: tcp(host, port) } as const
    const expected = encodeProxyHeader(1, value)
    await peer.receive(expected.length + PAYLOAD.length)
    expect(decodeProxyHeader(peer.received)).toEqual({ kind: 'match', value, bytes: expected.length })
    expect(peer.received).toEqual(Buffer.concat([expected, PAYLOAD]))
    client.end()
    peer.end()
    await client.closed
  })
})

describe.skipIf(areMissing('nginx'))('nginx as receiver', () => {
  const folder = temporaryFolder()
  let port: number

  beforeAll(async () => {
    port = await freePort()
    const said = ['addr', 'port', 'server_addr', 'server_port']
      .map((name) => `$proxy_protocol_${name}`)
      .join('|')
    const own = join(folder, 'nginx')
    const http = `http {
      access_log off;
      ${TEMPORARY.map((name) => `${name}_temp_path ${own}/${name};`).join('\n')}
      server { listen 127.0.0.1:${port} proxy_protocol; location / { return 200 "${said}"; } }
    }`
    await startNginx(folder, '', http, [port])
  })

  const v4 = { source: tcp('192.0.2.1', 56324), destination: tcp('198.51.100.7', 443) }
  const v6 = { source: tcp('2001:db8::1', 65535), destination: tcp('2001:db8:0:1::', 1) }
  const told = { authority: 'a.example', uniqueId: Buffer.from('id-7'), alpn: 'h2' }

  it.each([
    ['v1 of IPv4', encodeProxyHeader(1, v4), '192.0.2.1|56324|198.51.100.7|443'],
    ['v1 of IPv6', encodeProxyHeader(1, v6), '2001:db8::1|65535|2001:db8:0:1::|1'],
    ['v1 of nothing', encodeProxyHeader(1, {}), '|||'],
    ['v2 of IPv4', encodeProxyHeader(2, v4), '192.0.2.1|56324|198.51.100.7|443'],
    ['v2 of IPv6', encodeProxyHeader(2, v6), '2001:db8::1|65535|2001:db8:0:1::|1'],
    [
      'v2 of IPv4 to IPv6',
      encodeProxyHeader(2, { ...v6, source: v4.source }),
      '::ffff:192.0.2.1|56324|2001:db8:0:1::|1',
    ],
    ['v2 of everything', encodeProxyHeader(2, { ...v4, ...told }), '192.0.2.1|56324|198.51.100.7|443'],
    ['v2 of nothing', encodeProxyHeader(2, {}), '|||'],
  ])('nginx reads our PROXY header, %s', async (_, header, said) => {
    const client = await connectTo(tcp('127.0.0.1', port))
    client.send(Buffer.concat([header, Buffer.from('GET / HTTP/1.0\r\n\r\n')]))
    await client.ended
    client.end()
    expect(client.received.toString().split('\r\n\r\n')[1]).toBe(said)
  })
})
