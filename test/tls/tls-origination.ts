/** TLS to backends: which certificates millrace accepts, what it shows and offers, and how long it waits. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type Server, type TLSSocket, type TlsOptions } from 'node:tls'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { BackendTlsInput } from '../../src/config/common-input.js'
import type { ClusterInput } from '../../src/config/input.js'
import type { ListenerInput } from '../../src/config/listener-input.js'
import { decodeProxyHeader } from '../../src/proxy-protocol/decode.js'
import { encodeProxyHeader } from '../../src/proxy-protocol/encode.js'
import { Bed } from '../proxy/bed.js'
import { Backend } from '../support/backend.js'
import { selfSigned } from '../support/certificate.js'
import { temporaryFolder } from '../support/folder.js'

type Pair = Awaited<ReturnType<typeof selfSigned>>

export function describeOrigination(): void {
  const folder = temporaryFolder()
  let local: Pair
  let named: Pair
  let expired: Pair
  let server: Server | undefined
  let bed: Bed
  /** For each connection to the backend, whether it resumed a session. */
  let resumed: boolean[] = []

  beforeAll(async () => {
    local = await selfSigned(folder, { prefix: 'local-' })
    named = await selfSigned(folder, { names: ['app.test'], prefix: 'named-' })
    expired = await selfSigned(folder, { names: ['localhost'], prefix: 'expired-', hasExpired: true })
  })
  afterEach(async () => {
    await bed.end()
    server?.close()
    resumed = []
  })

  /** A TLS backend that sends the server name, the protocol and the client's name that it got, and then echoes. */
  const serve = async (pair: Pair, options: TlsOptions = {}): Promise<string> => {
    server = createServer(
      { cert: readFileSync(pair.cert), key: readFileSync(pair.key), ...options },
      (socket) => {
        const { servername, alpnProtocol } = socket as TLSSocket & { servername: string | false }
        const client = socket.getPeerCertificate().subject?.CN
        socket.on('error', () => {})
        socket.write(`${servername} ${alpnProtocol} ${client} `)
        resumed.push((socket as TLSSocket).isSessionReused())
        socket.pipe(socket)
      },
    ).listen(0, '127.0.0.1')
    await once(server, 'listening')
    return `127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  const start = async (
    backend: string,
    tls: BackendTlsInput,
    more: Partial<ClusterInput> = {},
    timeouts = {},
  ) => {
    bed = await Bed.start({ clusters: { back: { backends: [backend], tls, ...more } }, timeouts })
  }

  /** Sends `hello`; returns what comes back, or the cause if nothing does. */
  const ask = async (times = 1): Promise<string> => {
    const client = await bed.connect()
    client.send(Buffer.from('hello'))
    client.end()
    await client.ended
    const record = (await bed.recorded(times)).at(-1)
    return record!.ended.cause === 'finished' ? client.received.toString() : record!.ended.cause
  }

  it.each<[string, () => Pair, BackendTlsInput, string | RegExp]>([
    ['for its address is accepted', () => local, {}, 'false false undefined hello'],
    ['for serverName is accepted', () => named, { serverName: 'app.test' }, 'app.test false undefined hello'],
    [
      'for serverName in other letters and with a dot is accepted',
      () => named,
      { serverName: 'App.TEST.' },
      'app.test false undefined hello',
    ],
    [
      'for another name is refused',
      () => named,
      { serverName: 'other.test' },
      'backend-tls: ERR_TLS_CERT_ALTNAME_INVALID',
    ],
    [
      'without the address of the backend is refused',
      () => named,
      {},
      'backend-tls: ERR_TLS_CERT_ALTNAME_INVALID',
    ],
    ['that has expired is refused', () => expired, {}, 'backend-tls: CERT_HAS_EXPIRED'],
    [
      'that has expired is accepted with verify: false',
      () => expired,
      { verify: false },
      'false false undefined hello',
    ],
  ])('a backend certificate %s', async (_, pair, tls, expected) => {
    await start(await serve(pair()), { ca: pair().cert, ...tls })
    expect(await ask()).toBe(expected)
  })

  it('a self-signed backend certificate is refused without ca, because Node does not trust it', async () => {
    await start(await serve(local), {})
    expect(await ask()).toMatch(/^backend-tls: (DEPTH_ZERO_)?SELF_SIGNED_CERT/)
  })

  it('millrace offers ALPN protocols to a backend, and shows its certificate', async () => {
    const backend = await serve(local, {
      ALPNProtocols: ['x'],
      requestCert: true,
      ca: readFileSync(named.cert),
    })
    await start(backend, { ca: local.cert, alpn: ['y', 'x'], cert: named.cert, key: named.key })
    expect(await ask()).toBe('false x app.test hello')
    expect((await bed.recorded(1))[0]!.backendTls).toMatchObject({ version: 'TLSv1.3', alpn: 'x' })
  })

  describe('with serverName: client', () => {
    const listener = (more: Partial<ListenerInput>) => ({
      name: 'front',
      address: '127.0.0.1:0',
      cluster: 'back',
      ...more,
    })
    const startFor = async (more: Partial<ListenerInput>, ca = named) => {
      const cluster = { backends: [await serve(ca)], tls: { serverName: 'client', ca: ca.cert } }
      bed = await Bed.start({ listeners: [listener(more)], clusters: { back: cluster } })
    }

    /** Sends `hello` inside TLS; returns what comes back, or the cause if nothing does. */
    const askInTls = async (servername: string | undefined, times = 1): Promise<string> => {
      const { socket: raw } = await bed.connect()
      raw.removeAllListeners('data')
      const socket = connect({ socket: raw, rejectUnauthorized: false, ...(servername && { servername }) })
      const chunks: Buffer[] = []
      socket.on('data', (chunk: Buffer) => chunks.push(chunk))
      socket.on('error', () => {})
      socket.end('hello')
      await once(socket, 'close')
      const record = (await bed.recorded(times)).at(-1)!
      return record.ended.cause === 'finished' ? Buffer.concat(chunks).toString() : record.ended.cause
    }

    it('serverName: client sends the server name of the client, and checks the certificate for it', async () => {
      await startFor({ tls: local })
      expect(await askInTls('app.test')).toBe('app.test false undefined hello')
      expect(await askInTls('APP.test', 2)).toBe('app.test false undefined hello')
      expect(await askInTls('other.test', 3)).toBe('backend-tls: ERR_TLS_CERT_ALTNAME_INVALID')
      expect(resumed.slice(0, 2)).toEqual([false, true])
    })

    it('serverName: client checks the certificate for the host of the backend if the client sent no name', async () => {
      await startFor({ tls: local }, local)
      expect(await askInTls(undefined)).toBe('false false undefined hello')
    })

    it.each([
      ['a host name', 'app.test', 'app.test false undefined hello'],
      ['no host name', 'not a name', 'backend-tls: ERR_TLS_CERT_ALTNAME_INVALID'],
    ])(
      'serverName: client uses the authority of the PROXY header, which is %s',
      async (_, authority, expected) => {
        await startFor({ acceptProxy: { from: ['127.0.0.1'] } })
        const client = await bed.connect()
        client.send(Buffer.concat([encodeProxyHeader(2, { authority }), Buffer.from('hello')]))
        client.end()
        await client.ended
        const [record] = await bed.recorded(1)
        expect(record!.ended.cause === 'finished' ? client.received.toString() : record!.ended.cause).toBe(
          expected,
        )
      },
    )
  })

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'millrace resumes the session of its last connection to a backend: %s',
    async (version) => {
      await start(await serve(local, { minVersion: version, maxVersion: version }), { ca: local.cert })
      for (const times of [1, 2, 3]) expect(await ask(times)).toMatch(/hello$/)
      expect(resumed).toEqual([false, true, true])
    },
  )

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'millrace resumes no session with a backend whose certificate was refused: %s',
    async (version) => {
      await start(await serve(named, { minVersion: version, maxVersion: version }), { ca: named.cert })
      for (const times of [1, 2]) expect(await ask(times)).toBe('backend-tls: ERR_TLS_CERT_ALTNAME_INVALID')
      expect(resumed).not.toContain(true)
    },
  )

  it('millrace makes a new session if the backend has forgotten the last one', async () => {
    await start(await serve(local), { ca: local.cert })
    expect(await ask(1)).toMatch(/hello$/)
    server!.setTicketKeys(Buffer.alloc(48, 1))
    for (const times of [2, 3]) expect(await ask(times)).toMatch(/hello$/)
    expect(resumed).toEqual([false, false, true])
  })

  it('a connection to a backend that is silent in the TLS handshake ends after responseMs', async () => {
    const silent = await Backend.listen()
    await start(silent.address, {}, {}, { responseMs: 50 })
    expect(await ask()).toBe('response-timeout')
    expect((await bed.recorded(1))[0]!.termination).toBe('sH')
    await silent.close()
  })

  it('a connection to a backend that does not speak TLS ends with backend-tls', async () => {
    const plain = await Backend.listen()
    await start(plain.address, {})
    const asking = ask()
    const peer = await plain.accepted()
    await peer.receive(1)
    peer.send(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'))
    peer.end()
    expect(await asking).toMatch(/^backend-tls: /)
    await plain.close()
  })

  it('TLS to a backend begins after the PROXY header, which is sent in the clear', async () => {
    const plain = await Backend.listen()
    await start(plain.address, {}, { sendProxy: 'v1' })
    const client = await bed.connect()
    const peer = await plain.accepted()
    await peer.receive(100)
    const answer = decodeProxyHeader(peer.received)
    expect(answer.kind).toBe('match')
    expect(answer.kind === 'match' && peer.received[answer.bytes]).toBe(22)
    client.reset()
    await peer.ended
    await plain.close()
  })
}
