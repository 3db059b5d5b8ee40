/** ClientHellos of real clients: the reader finds what the client was told to ask for, as a real server does. */
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { type ConnectionOptions, TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ClientHello, readClientHello } from '../../src/peek/client-hello.js'
import { helloOf } from '../support/hello.js'
import { areMissing, Program } from '../support/programs.js'

const read = (bytes: Buffer): ClientHello => {
  const answer = readClientHello(bytes)
  if (answer.kind !== 'match') throw new Error(JSON.stringify(answer))
  return answer.value
}

const SETTINGS: readonly [ConnectionOptions, Partial<ClientHello>][] = [
  [{}, { serverName: undefined, alpn: [] }],
  [{ servername: 'a.test' }, { serverName: 'a.test' }],
  [{ servername: 'A.B.Test' }, { serverName: 'a.b.test' }],
  [{ servername: 'a.test', ALPNProtocols: ['h2', 'http/1.1'] }, { alpn: ['h2', 'http/1.1'] }],
  [{ ALPNProtocols: ['x'.repeat(255)] }, { alpn: ['x'.repeat(255)] }],
  [{ minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }, { versions: ['TLSv1.2'] }],
  [{ minVersion: 'TLSv1.3' }, { versions: ['TLSv1.3'] }],
  [{ minVersion: 'TLSv1.2' }, { versions: ['TLSv1.3', 'TLSv1.2'] }],
  [{ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' }, { versions: ['TLSv1.1'] }],
  [{ ecdhCurve: 'P-521:P-384:X25519', servername: 'a.test' }, { serverName: 'a.test' }],
]

/** What Node's own server reads from the same bytes. */
async function seenByNode(hello: Buffer): Promise<Partial<ClientHello>> {
  const wire = new Duplex({ read: () => {}, write: (_chunk, _encoding, done) => done() })
  const seen: { serverName?: string; alpn?: string[] } = {}
  const settled = new Promise<void>((resolve) => {
    const server = new TLSSocket(wire, {
      isServer: true,
      SNICallback: (name) => {
        seen.serverName = name
        resolve()
      },
    })
    server.on('error', () => resolve())
  })
  wire.push(hello)
  if (read(hello).serverName !== undefined) await settled
  wire.destroy()
  return seen
}

describe('node:tls', () => {
  it.each(SETTINGS)('a ClientHello of node:tls with %j is read right', async (options, expected) => {
    const hello = await helloOf(options)
    expect(read(hello)).toMatchObject(expected)
    expect((await seenByNode(hello)).serverName?.toLowerCase()).toBe(read(hello).serverName)
  })
})

describe.skipIf(areMissing('openssl', 'curl'))('a ClientHello of a program', () => {
  let port: number
  let accepted: () => Promise<Socket>
  const server = createServer()

  beforeAll(async () => {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    port = (server.address() as { port: number }).port
    accepted = async () => (await once(server, 'connection'))[0] as Socket
  })
  afterAll(() => void server.close())

  /** Runs the program, collects its ClientHello until it is whole, and then closes the connection. */
  const collect = async (command: string, args: readonly string[]): Promise<ClientHello> => {
    const connection = accepted()
    const program = new Program(
      command,
      args.map((arg) => arg.replace('PORT', String(port))),
    )
    const socket = await connection
    let bytes = Buffer.alloc(0)
    for await (const chunk of socket) {
      bytes = Buffer.concat([bytes, chunk as Buffer])
      if (readClientHello(bytes).kind !== 'need-more') break
    }
    socket.destroy()
    await program.exited
    return read(bytes)
  }

  it.each<[string, string, string[], Partial<ClientHello>]>([
    ['openssl', 'a name', ['-servername', 'A.test'], { serverName: 'a.test' }],
    ['openssl', 'no name', ['-noservername'], { serverName: undefined }],
    ['openssl', 'protocols', ['-alpn', 'h2,http/1.1'], { alpn: ['h2', 'http/1.1'] }],
    ['openssl', 'TLS 1.2', ['-tls1_2'], { versions: ['TLSv1.2'] }],
    ['openssl', 'TLS 1.3', ['-tls1_3'], { versions: ['TLSv1.3'] }],
    [
      'openssl',
      'large key shares',
      ['-groups', 'ffdhe8192', '-tls1_3', '-servername', 'a.test'],
      { serverName: 'a.test' },
    ],
  ])('a ClientHello of %s with %s is read', async (_program, _setting, args, expected) => {
    expect(await collect('openssl', ['s_client', '-connect', '127.0.0.1:PORT', ...args])).toMatchObject(
      expected,
    )
  })

  it.each<[string, string[], Partial<ClientHello>]>([
    ['a name', ['https://a.test:PORT/'], { serverName: 'a.test' }],
    ['an address', ['https://127.0.0.1:PORT/'], { serverName: undefined }],
    ['TLS 1.2 at most', ['--tls-max', '1.2', 'https://a.test:PORT/'], { versions: ['TLSv1.2'] }],
    ['HTTP/1.1', ['--http1.1', 'https://a.test:PORT/'], { alpn: ['http/1.1'] }],
  ])('a ClientHello of curl with %s is read', async (_, args, expected) => {
    const known = ['-s', '--resolve', 'a.test:PORT:127.0.0.1']
    expect(await collect('curl', [...known, ...args])).toMatchObject(expected)
  })
})
