/** Postgres clients ask for TLS in a separate packet. Which cluster they get, and which bytes never reach a backend. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type TLSSocket, TLSSocket as TlsServerSocket, connect as tlsConnect } from 'node:tls'
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import type { ClusterInput } from '../../src/config/input.js'
import type { ListenerInput } from '../../src/config/listener-input.js'
import { Bed } from '../proxy/bed.js'
import { hastened } from '../proxy/time.js'
import { Backend } from '../support/backend.js'
import { selfSigned } from '../support/certificate.js'
import { temporaryFolder } from '../support/folder.js'
import { helloOf } from '../support/hello.js'
import type { Peer } from '../support/peer.js'
import { cancelOf, GSS_REQUEST, startUpOf, TLS_REQUEST, welcome } from '../support/postgres-packets.js'

const YES = Buffer.from('S')
const startUp = startUpOf({ user: 'app', database: 'orders' })
const postgresHello = (servername: string): Promise<Buffer> =>
  helloOf({ servername, ALPNProtocols: ['postgresql'] })

export function describePostgres(): void {
  const folder = temporaryFolder()
  let pair: { cert: string; key: string }
  let db: Backend
  let other: Backend
  let bed: Bed

  beforeAll(async () => {
    pair = await selfSigned(folder)
  })
  beforeEach(async () => {
    ;[db, other] = await Promise.all([Backend.listen(), Backend.listen()])
  })
  afterEach(async () => {
    await bed.end()
    await Promise.all([db.close(), other.close()])
  })

  const start = async (listener: Partial<ListenerInput> = {}, cluster: Partial<ClusterInput> = {}) => {
    bed = await Bed.start({
      listeners: [
        { name: 'front', address: '127.0.0.1:0', startTls: 'postgres', cluster: 'other', ...listener },
      ],
      clusters: {
        db: { backends: [db.address], ...cluster },
        other: { backends: [other.address], ...cluster },
      },
      timeouts: { responseMs: 500, firstBytesMs: 500 },
    })
  }
  const bySni = { routes: [{ sni: 'db.test', cluster: 'db' }] }

  /** Connects a client that asks for TLS and gets the answer yes. */
  const asked = async (): Promise<Peer> => {
    const client = await bed.connect()
    client.send(TLS_REQUEST)
    await client.receive(1)
    expect(client.received.toString()).toBe('S')
    return client
  }

  const secured = async (client: Peer, ALPNProtocols: string[] = []): Promise<TLSSocket> => {
    client.socket.removeAllListeners('data')
    const stream = tlsConnect({
      socket: client.socket,
      servername: 'localhost',
      rejectUnauthorized: false,
      ALPNProtocols,
    })
    await once(stream, 'secureConnect')
    return stream
  }

  const cause = async (): Promise<string> => (await bed.recorded(1))[0]!.ended.cause

  it('a Postgres client that asks for GSSAPI encryption gets the answer no, and may then ask for TLS', async () => {
    await start(bySni)
    const client = await bed.connect()
    client.send(GSS_REQUEST)
    await client.receive(1)
    client.send(TLS_REQUEST)
    await client.receive(2)
    expect(client.received.toString()).toBe('NS')
  })

  it('a Postgres client that asks for GSSAPI encryption gets the answer no, and may go on in the clear', async () => {
    await start()
    const client = await bed.connect()
    client.send(GSS_REQUEST)
    await client.receive(1)
    client.send(startUp)
    const peer = await other.accepted()
    await peer.receive(startUp.length)
    expect(peer.received.equals(startUp)).toBe(true)
  })

  it.each<[string, boolean]>([
    ['a Postgres client that has asked for TLS', true],
    ['a Postgres client whose TLS begins with the first byte', false],
  ])('%s is routed by server name, and its backend is asked for TLS first', async (_, isAsking) => {
    await start(bySni)
    const hello = await postgresHello('db.test')
    const client = isAsking ? await asked() : await bed.connect()
    client.send(hello)
    const peer = await db.accepted()
    await peer.receive(TLS_REQUEST.length)
    expect(peer.received.equals(TLS_REQUEST)).toBe(true)
    peer.send(YES)
    await peer.receive(TLS_REQUEST.length + hello.length)
    expect(peer.received.subarray(TLS_REQUEST.length).equals(hello)).toBe(true)
    peer.send(Buffer.from('server hello'))
    await client.receive((isAsking ? 1 : 0) + 12)
    client.end()
    peer.end()
    const [record] = await bed.recorded(1)
    expect(record).toMatchObject({
      protocol: 'TLS',
      sni: 'db.test',
      cluster: 'db',
      bytesUp: hello.length,
      bytesDown: 12,
      ended: { cause: 'finished' },
    })
  })

  it.each<[string, Buffer]>([
    ['says no', Buffer.from('N')],
    ['answers with an error', Buffer.from('E\0\0\0\x05x')],
    ['says yes and more before the handshake (CVE-2021-23222)', Buffer.from('SR')],
    ['speaks another protocol', Buffer.from('220 mail\r\n')],
  ])('a Postgres client with TLS gets no byte from a backend that %s', async (_, reply) => {
    await start(bySni)
    const client = await asked()
    client.send(await postgresHello('db.test'))
    const peer = await db.accepted()
    await peer.receive(TLS_REQUEST.length)
    peer.send(reply)
    await hastened(bed, client.ended)
    await peer.ended
    expect(client.received.toString()).toBe('S')
    expect(peer.received.equals(TLS_REQUEST)).toBe(true)
    const [record] = await bed.recorded(1)
    expect(record!.ended).toMatchObject({
      by: 'backend',
      phase: 'response',
      cause: expect.stringMatching(/^backend-tls: /),
    })
  })

  it('a Postgres client is closed after responseMs if its backend does not answer the request for TLS', async () => {
    await start(bySni)
    const client = await asked()
    client.send(await postgresHello('db.test'))
    await db.accepted()
    await hastened(bed, client.ended)
    expect((await bed.recorded(1))[0]!.ended).toMatchObject({ by: 'backend', cause: 'response-timeout' })
  })

  it.each<[string, Buffer, RegExp]>([
    ['a start-up in the clear', startUp, /^bad-hello: not TLS$/],
    ['another request', TLS_REQUEST, /^bad-hello: not TLS$/],
    ['a cancel request in the clear', cancelOf(1, Buffer.alloc(4)), /^bad-hello: not TLS$/],
  ])('a Postgres client that asked for TLS is closed if it goes on with %s', async (_, bytes, expected) => {
    await start({ ...bySni, onNoSni: 'other' })
    const client = await asked()
    client.send(bytes)
    await client.ended
    expect(await cause()).toMatch(expected)
    expect(db.peers.length + other.peers.length).toBe(0)
  })

  it.each<[string, Buffer, RegExp]>([
    ['a start-up in the clear', startUp, /^bad-hello: not TLS$/],
    ['another request', TLS_REQUEST, /^bad-hello: not TLS$/],
    ['a cancel request in the clear', cancelOf(1, Buffer.alloc(4)), /^bad-hello: not TLS$/],
  ])(
    'a Postgres client that asked for TLS is closed if it goes on with %s, without routes too',
    async (_, bytes, expected) => {
      await start({ startTls: 'postgres', cluster: 'db' })
      const client = await asked()
      client.send(bytes)
      await client.ended
      expect(await cause()).toMatch(expected)
      expect(db.peers.length + other.peers.length).toBe(0)
    },
  )

  it.each<[string, Buffer]>([
    ['SSLRequest', TLS_REQUEST],
    ['GSSENCRequest', GSS_REQUEST],
  ])('a Postgres client with bytes behind its %s is closed unanswered (injection)', async (_, request) => {
    await start()
    const client = await bed.connect()
    client.send(Buffer.concat([request, startUp]))
    await client.ended
    expect(client.receivedBytes).toBe(0)
    expect(await cause()).toBe('bad-start-up: bytes before the handshake')
    expect(other.peers).toEqual([])
  })

  it('a Postgres client that asks for GSSAPI encryption twice is closed', async () => {
    await start()
    const client = await bed.connect()
    client.send(GSS_REQUEST)
    await client.receive(1)
    client.send(GSS_REQUEST)
    await client.ended
    expect(await cause()).toBe('bad-start-up: unexpected gss-request')
  })

  it('a Postgres client whose TLS begins at once is closed unless it offers postgresql by ALPN', async () => {
    await start(bySni)
    const client = await bed.connect()
    client.send(await helloOf({ servername: 'db.test', ALPNProtocols: ['h2'] }))
    await client.ended
    expect(await cause()).toBe('bad-hello: no ALPN "postgresql"')
  })

  it.each([
    [{ user: 'app', database: 'orders' }, 'db'],
    [{ user: 'app', database: 'Orders' }, 'other'],
    [{ user: 'orders' }, 'db'],
    [{ user: 'bad', database: 'orders' }, 'rejected'],
  ])('Postgres in the clear is routed by user and database: %j to %s', async (parameters, expected) => {
    await start({
      routes: [
        { user: ['bad', 'worse'], reject: true },
        { database: 'orders', cluster: 'db' },
      ],
    })
    const bytes = startUpOf(parameters)
    const client = await bed.connect()
    client.send(bytes)
    if (expected === 'rejected') {
      await client.ended
      expect(await cause()).toBe('rejected')
      return
    }
    const peer = await (expected === 'db' ? db : other).accepted()
    await peer.receive(bytes.length)
    expect(peer.received.equals(bytes)).toBe(true)
  })

  it('a route function sees the user and database of a Postgres client', async () => {
    await start({
      route: ({ startUp: told }) => (told?.user === 'app' && told.database === 'orders' ? 'db' : 'other'),
      cluster: undefined,
    })
    const client = await bed.connect()
    client.send(startUp)
    await (await db.accepted()).receive(startUp.length)
  })

  it.each([[true], [false]])(
    'a Postgres client whose TLS ends here is routed by its start-up inside TLS (asked for TLS first: %s)',
    async (isAsking) => {
      await start({ tls: pair, routes: [{ user: 'app', database: 'orders', cluster: 'db' }] })
      const client = isAsking ? await asked() : await bed.connect()
      const stream = await secured(client, ['postgresql'])
      expect(stream.alpnProtocol).toBe('postgresql')
      stream.write(startUp)
      const peer = await db.accepted()
      await peer.receive(startUp.length)
      expect(peer.received.equals(startUp)).toBe(true)
      peer.send(welcome(1, Buffer.alloc(4)))
      const [bytes] = (await once(stream, 'data')) as [Buffer]
      expect(bytes.equals(welcome(1, Buffer.alloc(4)))).toBe(true)
      stream.destroy()
    },
  )

  it('a Postgres client that asks for TLS inside TLS is closed', async () => {
    await start({ tls: pair })
    const stream = await secured(await asked())
    stream.on('error', () => {})
    stream.write(TLS_REQUEST)
    expect(await cause()).toBe('bad-start-up: unexpected tls-request')
  })

  it('a Postgres client in the clear reaches a backend with TLS after a request for TLS', async () => {
    await start({}, { startTls: 'postgres', tls: { verify: false } })
    const client = await bed.connect()
    client.send(startUp)
    const peer = await other.accepted()
    await peer.receive(TLS_REQUEST.length)
    expect(peer.received.equals(TLS_REQUEST)).toBe(true)
    peer.socket.removeAllListeners('data')
    const options = {
      cert: readFileSync(pair.cert),
      key: readFileSync(pair.key),
      ALPNProtocols: ['postgresql'],
    }
    const secure = new TlsServerSocket(peer.socket, { isServer: true, ...options })
    peer.send(YES)
    const [bytes] = (await once(secure, 'data')) as [Buffer]
    expect(bytes.equals(startUp)).toBe(true)
    expect(secure.alpnProtocol).toBe('postgresql')
    secure.write(welcome(1, Buffer.alloc(4)))
    await client.receive(welcome(1, Buffer.alloc(4)).length)
    client.end()
    secure.end()
    expect((await bed.recorded(1))[0]).toMatchObject({ protocol: 'TCP', backendTls: { alpn: 'postgresql' } })
  })

  it('a Postgres client whose TLS passes through is not wrapped in a second TLS', async () => {
    await start(bySni, { startTls: 'postgres', tls: { verify: false } })
    const hello = await postgresHello('db.test')
    const client = await asked()
    client.send(hello)
    const peer = await db.accepted()
    await peer.receive(TLS_REQUEST.length)
    peer.send(YES)
    await peer.receive(TLS_REQUEST.length + hello.length)
    expect(peer.received.subarray(TLS_REQUEST.length).equals(hello)).toBe(true)
  })

  it('a Postgres client that says nothing is closed after firstBytesMs', async () => {
    await start()
    await (await bed.connect()).ended
    expect(await cause()).toBe('first-bytes-timeout')
  })
}
