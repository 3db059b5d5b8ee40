/** TLS that ends at millrace: certificates, versions, client certificates, and hostile handshakes. */

import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { copyFileSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import type { TlsInput } from '../../src/config/listener-input.js'
import { Bed } from '../proxy/bed.js'
import { Backend } from '../support/backend.js'
import { pattern } from '../support/bytes.js'
import { selfSigned } from '../support/certificate.js'
import { temporaryFolder } from '../support/folder.js'
import { cutIntoRecords, helloOf } from '../support/hello.js'

type Pair = Awaited<ReturnType<typeof selfSigned>>

/** millrace looks at files every two seconds, and reads them half a second after they have changed. */
const LOOKED_AT_WITHIN_MS = 2500
/** In TLS 1.2 the cipher says which kind of certificate it needs. */
const RSA_ONLY = { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' } as const

export function describeTermination(): void {
  const folder = temporaryFolder()
  let first: Pair
  let second: Pair
  let stranger: Pair
  let expired: Pair
  /** An RSA certificate for a name that has an ECDSA one, and one of each kind for a name of a wildcard. */
  let ofBothKinds: Pair[]
  let backend: Backend
  let bed: Bed

  beforeAll(async () => {
    first = await selfSigned(folder, { names: ['first.test'], prefix: 'first-' })
    second = await selfSigned(folder, { names: ['second.test', '*.wild.test'], prefix: 'second-' })
    stranger = await selfSigned(folder, { names: ['stranger.test'], prefix: 'stranger-' })
    expired = await selfSigned(folder, { names: ['expired.test'], prefix: 'expired-', hasExpired: true })
    ofBothKinds = [
      await selfSigned(folder, { names: ['first.test'], prefix: 'rsa-', kind: 'rsa' }),
      await selfSigned(folder, { names: ['*.rsa.test'], prefix: 'wild-rsa-', kind: 'rsa' }),
      await selfSigned(folder, { names: ['a.rsa.test'], prefix: 'wild-ecdsa-' }),
    ]
  })
  beforeEach(async () => {
    backend = await Backend.listen()
  })
  afterEach(async () => await bed.end())

  const start = async (tls: Partial<TlsInput> = {}, timeouts = {}) => {
    const front = { name: 'front', address: '127.0.0.1:0', cluster: 'back', tls: { ...first, ...tls } }
    bed = await Bed.start({ backends: [backend], listeners: [front], timeouts })
  }

  /** Connects a client that accepts every certificate. The tests look at the certificate that it got. */
  const open = async (options: ConnectionOptions = {}): Promise<TLSSocket> => {
    const port = Number(bed.address().split(':').at(-1))
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options })
    socket.on('error', () => {})
    await once(socket, 'secureConnect')
    return socket
  }

  const shownTo = async (options: ConnectionOptions): Promise<string> => {
    const socket = await open(options)
    const name = socket.getPeerCertificate().subject.CN as string
    socket.destroy()
    return name
  }

  it.each([
    ['first.test', 'first.test'],
    ['second.test', 'second.test'],
    ['SECOND.Test', 'second.test'],
    ['a.wild.test', 'second.test'],
    ['a.b.wild.test', 'first.test'],
    ['unknown.test', 'first.test'],
    ['', 'first.test'],
  ])('a client that asks for %j gets the certificate of %s', async (servername, name) => {
    await start({ certificates: [second] })
    expect(await shownTo(servername === '' ? {} : { servername })).toBe(name)
  })

  it.each([
    ['both kinds in TLS 1.3', { servername: 'first.test' }, 'ecdsa'],
    ['both kinds in TLS 1.2', { servername: 'first.test', maxVersion: 'TLSv1.2' }, 'ecdsa'],
    ['RSA only, in TLS 1.3', { servername: 'first.test', sigalgs: 'rsa_pss_rsae_sha256' }, 'rsa'],
    ['RSA only, in TLS 1.2', { servername: 'first.test', ...RSA_ONLY }, 'rsa'],
    ['RSA only, and asks for no name', RSA_ONLY, 'rsa'],
    ['RSA only, and asks for an unknown name', { servername: 'unknown.test', ...RSA_ONLY }, 'rsa'],
    ['RSA only, and asks for a name of a wildcard', { servername: 'a.rsa.test', ...RSA_ONLY }, 'rsa'],
    ['both kinds, and asks for a name of a wildcard', { servername: 'a.rsa.test' }, 'ecdsa'],
  ] as const)('a client that can check %s gets a fitting certificate', async (_, options, kind) => {
    await start({ certificates: ofBothKinds })
    const socket = await open(options)
    const { subject, asn1Curve } = socket.getPeerCertificate()
    expect(asn1Curve === undefined ? 'rsa' : 'ecdsa').toBe(kind)
    const asked = 'servername' in options ? options.servername : undefined
    const name = asked !== 'a.rsa.test' ? 'first.test' : kind === 'rsa' ? '*.rsa.test' : asked
    expect(subject.CN).toBe(name)
    socket.destroy()
  })

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'a client that cannot check the certificate of its name gets no other: %s',
    async (maxVersion) => {
      const rsa = await selfSigned(folder, { names: ['rsa.test'], prefix: 'other-', kind: 'rsa' })
      await start({ ...rsa, certificates: [second] })
      expect(await shownTo({ servername: 'second.test', maxVersion })).toBe('second.test')
      await expect(open({ servername: 'second.test', ...RSA_ONLY })).rejects.toThrow()
    },
  )

  it('a client without a server name gets only certificates for the default names', async () => {
    const rsa = await selfSigned(folder, { names: ['localhost'], prefix: 'address-', kind: 'rsa' })
    const other = await selfSigned(folder, { names: ['other.test'], prefix: 'no-address-' })
    await start({ ...rsa, certificates: [other] })
    expect(await shownTo({ maxVersion: 'TLSv1.2' })).toBe('localhost')
  })

  it.each([
    [['h2', 'http/1.1'], 'http/1.1'],
    [['http/1.1'], 'http/1.1'],
    [[], false],
  ])('millrace chooses from the ALPN protocols %j: %s', async (ALPNProtocols, chosen) => {
    await start({ alpn: ['http/1.1', 'x'] })
    const socket = await open({ ALPNProtocols })
    expect(socket.alpnProtocol).toBe(chosen)
    socket.destroy()
  })

  it('a client without a common ALPN protocol or TLS version is refused', async () => {
    await start({ alpn: ['x'], minVersion: 'TLSv1.3' })
    await expect(open({ ALPNProtocols: ['h2'] })).rejects.toThrow()
    await expect(open({ maxVersion: 'TLSv1.2' })).rejects.toThrow()
    const causes = (await bed.recorded(2)).map(({ ended }) => ended.cause)
    for (const cause of causes) expect(cause).toMatch(/^tls-handshake: ERR_SSL_/)
  })

  it('the record of a TLS connection has the round-trip times of both sides on the kernel engine', async () => {
    await start()
    const socket = await open()
    socket.write('hello')
    const peer = await backend.accepted()
    await peer.receive(5)
    socket.destroy()
    peer.end()
    const { rttMicros } = (await bed.recorded(1))[0]!
    if (bed.proxy.engine.kind === 'stream') expect(rttMicros).toEqual({})
    else expect([rttMicros.client! > 0, rttMicros.backend! > 0]).toEqual([true, true])
  })

  it.each<[string, Partial<TlsInput>, () => ConnectionOptions, RegExp | undefined]>([
    ['that is required and good is accepted', {}, () => read(second), undefined],
    ['that is required and missing is refused', {}, () => ({}), /no client certificate|PEER_DID_NOT_RETURN/],
    [
      'that is required and of another CA is refused',
      {},
      () => read(stranger),
      /client certificate: .*SELF_SIGNED|client certificate: /,
    ],
    ['that is requested and missing is not needed', { clientCert: 'request' }, () => ({}), undefined],
    [
      'that is requested and of another CA is refused',
      { clientCert: 'request' },
      () => read(stranger),
      /client certificate: /,
    ],
    ['that is requested and good is accepted', { clientCert: 'request' }, () => read(second), undefined],
  ])('a client certificate %s', async (_, tls, client, wrong) => {
    await start({ clientCa: second.cert, ...tls })
    const socket = await open(client()).catch(() => undefined)
    if (wrong === undefined) {
      const peer = await backend.accepted()
      socket!.end('hello')
      await peer.ended
      expect(peer.received.toString()).toBe('hello')
      peer.end()
    }
    const [record] = await bed.recorded(1)
    const hasShown = 'cert' in client()
    if (wrong === undefined) expect(record!.tls!.clientName).toBe(hasShown ? 'second.test' : undefined)
    else expect(record!.ended.cause.replace('tls-handshake: ', '')).toMatch(wrong)
    if (wrong !== undefined) expect(backend.peers).toEqual([])
    socket?.destroy()
  })

  it('an expired client certificate is refused, whoever signed it', async () => {
    await start({ clientCa: expired.cert })
    const socket = await open(read(expired)).catch(() => undefined)
    expect((await bed.recorded(1))[0]!.ended.cause).toBe(
      'tls-handshake: client certificate: CERT_HAS_EXPIRED',
    )
    socket?.destroy()
  })

  it('millrace logs an error if the certificate of a listener has expired', async () => {
    await start({ ...expired })
    expect((await bed.told(/expired-cert\.pem has expired/)).level).toBe('error')
  })

  it('millrace warns if a certificate expires within a week, and the status says when', async () => {
    const soon = await selfSigned(folder, { prefix: 'soon-', days: 3 })
    await start({ ...soon })
    expect((await bed.told(/soon-cert\.pem expires in (?:2d 23h|3d 0h) \(.*\): renew it/)).level).toBe('warn')
    const [told, ...more] = bed.proxy.status().certificates
    expect([told, more]).toMatchObject([{ name: 'localhost', kind: 'ec', file: soon.cert }, []])
    const { validTo } = new X509Certificate(readFileSync(soon.cert))
    expect(Date.parse(told!.expiresAt)).toBe(Date.parse(validTo))
  })

  it('millrace reads certificates again when their files or links change, and keeps good ones', async () => {
    const [cert, key] = [join(folder, 'live-cert.pem'), join(folder, 'live-key.pem')]
    const point = (pair: Pair): void => {
      for (const [link, target] of [
        [cert, pair.cert],
        [key, pair.key],
      ] as const) {
        symlinkSync(target, `${link}.new`)
        renameSync(`${link}.new`, link)
      }
    }
    point(first)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    await start({ cert, key })
    expect(await shownTo({})).toBe('first.test')
    point(second)
    vi.advanceTimersByTime(LOOKED_AT_WITHIN_MS)
    await bed.told(/certificates were read again/)
    expect(await shownTo({})).toBe('second.test')
    // A link to a file that has been written over.
    const broken = { cert: join(folder, 'b-cert.pem'), key: join(folder, 'b-key.pem') }
    copyFileSync(second.cert, broken.cert)
    copyFileSync(second.key, broken.key)
    writeFileSync(broken.cert, 'nonsense')
    point(broken)
    vi.advanceTimersByTime(LOOKED_AT_WITHIN_MS)
    expect((await bed.told(/cannot be used/)).level).toBe('error')
    // Otherwise the fake timers of this thread would wait for ever.
    vi.runOnlyPendingTimers()
    vi.useRealTimers()
    expect(await shownTo({})).toBe('second.test')
  })

  it('a TLS connection passes on the end of each direction, after all bytes before it', async () => {
    await start()
    const socket = await open({ allowHalfOpen: true } as ConnectionOptions)
    const received: Buffer[] = []
    socket.on('data', (chunk: Buffer) => received.push(chunk))
    socket.end('question')
    const peer = await backend.accepted()
    expect(await peer.ended).toBe('fin')
    expect(peer.received.toString()).toBe('question')
    peer.send(pattern(3, 300_000))
    peer.end()
    await once(socket, 'end')
    expect(Buffer.concat(received).equals(pattern(3, 300_000))).toBe(true)
    expect((await bed.recorded(1))[0]).toMatchObject({
      bytesUp: 8,
      bytesDown: 300_000,
      ended: { cause: 'finished' },
    })
  })

  it('a TLS client that breaks off ends its backend connection, and a backend its client', async () => {
    await start()
    const client = await bed.connect()
    client.socket.removeAllListeners('data')
    const one = connect({ socket: client.socket, rejectUnauthorized: false })
    one.on('error', () => {})
    await once(one, 'secureConnect')
    const peer = await backend.accepted()
    client.reset()
    expect(await peer.reallyEnded()).not.toBe('fin')
    const two = await open()
    const closed = once(two, 'close')
    two.write('x')
    const other = await backend.accepted()
    await other.receive(1)
    other.reset()
    await closed
    const causes = (await bed.recorded(2)).map(({ ended }) => `${ended.by} ${ended.cause}`)
    expect(causes.toSorted().join()).toBe('backend reset,client reset')
  })

  it('millrace accepts a ClientHello in many records', async () => {
    await start()
    const client = await bed.connect()
    client.send(cutIntoRecords(await helloOf({ servername: 'first.test' }), 50))
    await client.receive(500)
    client.reset()
    await bed.recorded(1)
  })

  it.each<[string, () => Promise<Buffer> | Buffer, RegExp]>([
    [
      'stops after the hello',
      async () => await helloOf({ servername: 'first.test' }),
      /^first-bytes-timeout$/,
    ],
    ['stops in the hello', async () => (await helloOf({})).subarray(0, 40), /^first-bytes-timeout$/],
    ['sends nothing', () => Buffer.alloc(0), /^first-bytes-timeout$/],
    [
      'sends nonsense after the hello',
      async () => Buffer.concat([await helloOf({}), Buffer.from([22, 3, 3, 0, 4, 9, 9, 9, 9])]),
      /^tls-handshake: /,
    ],
    ['speaks HTTP', () => Buffer.from('GET / HTTP/1.1\r\n\r\n'), /^bad-hello: not TLS$/],
  ])('millrace ends a TLS client that %s', async (_, bytes, cause) => {
    await start({}, { firstBytesMs: 300 })
    const client = await bed.connect()
    const hello = await bytes()
    if (hello.length > 0) client.send(hello)
    await client.ended
    client.end()
    expect((await bed.recorded(1))[0]!.ended.cause).toMatch(cause)
    expect(backend.peers).toEqual([])
  })

  it('millrace survives clients that reset at any moment of the TLS handshake', async () => {
    await start()
    const hello = await helloOf({ servername: 'first.test' })
    for (const length of [0, 1, 5, 100, hello.length]) {
      const client = await bed.connect()
      if (length > 0) client.send(hello.subarray(0, length))
      if (length === hello.length) await client.receive(1)
      client.reset()
    }
    await bed.recorded(5)
    expect(await shownTo({})).toBe('first.test')
  })

  it('the TLS of a client may come after a PROXY header', async () => {
    bed = await Bed.start({
      backends: [backend],
      listeners: [
        {
          name: 'front',
          address: '127.0.0.1:0',
          cluster: 'back',
          tls: first,
          acceptProxy: { from: ['127.0.0.1'] },
        },
      ],
    })
    const client = await bed.connect()
    client.socket.removeAllListeners('data')
    client.socket.write('PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n')
    const socket = connect({ socket: client.socket, rejectUnauthorized: false })
    await once(socket, 'secureConnect')
    socket.end('hello')
    const peer = await backend.accepted()
    await peer.ended
    expect(peer.received.toString()).toBe('hello')
    peer.end()
    expect((await bed.recorded(1))[0]).toMatchObject({ client: '192.0.2.1:1', protocol: 'TLS' })
  })
}

const read = ({ cert, key }: Pair): ConnectionOptions => ({
  cert: readFileSync(cert),
  key: readFileSync(key),
})
