/** Checks by connect and by TLS, what comes before them, and how connections end. */
import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import { beforeAll, describe, expect, it } from 'vitest'
import { selfSigned } from '../support/certificate.js'
import { closedPort } from '../support/closed-port.js'
import { temporaryFolder } from '../support/folder.js'
import { PeerServer } from '../support/peer.js'
import { SilentBackend } from '../support/silent-backend.js'
import {
  BRIEF_MS,
  check,
  expected,
  HTTP,
  listening,
  PATIENT_MS,
  script,
  serving,
  TCP,
  TLS,
  TLS_SETTING,
  targetAt,
  told,
} from './rig.js'

const folder = temporaryFolder()

describe('a tcp check', () => {
  it('a tcp check passes with L4OK when the connect succeeds', async () => {
    expect(await check(TCP, targetAt(await serving(() => {})))).toEqual({
      passed: true,
      reason: 'L4OK',
      detail: undefined,
    })
  })

  it('a tcp check of a closed port fails with L4CON', async () => {
    expect(await told(TCP, targetAt(await closedPort()))).toBe('L4CON (ECONNREFUSED)')
  })

  it('a tcp check of a backend that does not accept fails with L4TOUT', async () => {
    const silent = await SilentBackend.listen()
    expect(await told(TCP, targetAt(silent.port, { timeoutMs: BRIEF_MS }))).toBe('L4TOUT')
    await silent.close()
  })

  it('a tcp check of a unix socket passes, and fails with L4CON if the file is missing', async () => {
    const path = join(folder, 'socket')
    const server = await PeerServer.listen({ kind: 'unix', path })
    expect(await told(TCP, targetAt(0, { address: { kind: 'unix', path } }))).toBe('+L4OK')
    server.close()
    expect(await told(TCP, targetAt(0, { address: { kind: 'unix', path: join(folder, 'none') } }))).toBe(
      'L4CON (ENOENT)',
    )
  })

  it('a tcp check resets its connection, so that many backends never see it', async () => {
    const server = await PeerServer.listen({ kind: 'tcp', host: '127.0.0.1', port: 0 })
    const accepted = server.accepted()
    expect(await told(TCP, targetAt((server.address as { port: number }).port))).toBe('+L4OK')
    expect(await (await accepted).reallyEnded()).not.toBe('fin')
    server.close()
  })

  it('a tcp check that sent a PROXY header closes in order', async () => {
    const server = await PeerServer.listen({ kind: 'tcp', host: '127.0.0.1', port: 0 })
    const accepted = server.accepted()
    const target = targetAt((server.address as { port: number }).port, { sendProxy: 'v1' })
    expect(await told(TCP, target)).toBe('+L4OK')
    const peer = await accepted
    expect(await peer.reallyEnded()).toBe('fin')
    expect(peer.received.toString()).toBe('PROXY UNKNOWN\r\n')
    peer.end()
    server.close()
  })
})

describe('a PROXY header of a check', () => {
  it.each([
    ['v1', Buffer.from('PROXY UNKNOWN\r\n')],
    ['v2', Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex')],
  ] as const)(
    'a PROXY header %s of a check names no client and comes before everything else',
    async (version, header) => {
      const port = await serving((socket) => {
        const bytes: Buffer[] = []
        socket.on('data', (chunk) => {
          bytes.push(chunk)
          const all = Buffer.concat(bytes)
          if (all.equals(Buffer.concat([header, Buffer.from('PING')]))) socket.end('PONG')
        })
      })
      const ping = script({ send: 'PING' }, expected('PONG'))
      expect(await told(ping, targetAt(port, { sendProxy: version }))).toBe('+L7OK')
    },
  )
})

describe('a tls check', () => {
  let pair: Awaited<ReturnType<typeof selfSigned>>
  let other: Awaited<ReturnType<typeof selfSigned>>
  let expired: Awaited<ReturnType<typeof selfSigned>>
  beforeAll(async () => {
    pair = await selfSigned(folder)
    other = await selfSigned(folder, { names: ['app.test'], prefix: 'other-' })
    expired = await selfSigned(folder, { prefix: 'expired-', hasExpired: true })
  })

  const secureServer = async (of: typeof pair, options: TlsOptions = {}, serve = (_: Socket): void => {}) => {
    const keys = { cert: readFileSync(of.cert), key: readFileSync(of.key) }
    const server = createTlsServer({ ...keys, ...options }, (socket) => serve(socket.on('error', () => {})))
    return await listening(server.on('tlsClientError', () => {}))
  }
  const trusting = (of: typeof pair, more = {}) => ({ tls: { ...TLS_SETTING, ca: of.cert, ...more } })

  it('a tls check passes with L6OK when the handshake succeeds', async () => {
    expect(await told(TLS, targetAt(await secureServer(pair), trusting(pair)))).toBe('+L6OK')
  })

  it.each([
    ['nobody trusts', () => pair, () => ({ tls: TLS_SETTING }), 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['has another name', () => other, () => trusting(other), 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['has expired', () => expired, () => trusting(expired), 'CERT_HAS_EXPIRED'],
  ])('a tls check fails with L6RSP for a certificate that %s', async (_, of, trust, why) => {
    expect(await told(TLS, targetAt(await secureServer(of()), trust()))).toBe(`L6RSP (${why})`)
  })

  it('a tls check passes for any certificate without verify, and for the name in serverName', async () => {
    const port = await secureServer(other)
    expect(await told(TLS, targetAt(port, { tls: { ...TLS_SETTING, verify: false } }))).toBe('+L6OK')
    expect(await told(TLS, targetAt(port, trusting(other, { serverName: 'app.test' })))).toBe('+L6OK')
  })

  it('a tls check without TLS settings verifies the certificate', async () => {
    expect(await told(TLS, targetAt(await secureServer(pair)))).toBe('L6RSP (DEPTH_ZERO_SELF_SIGNED_CERT)')
  })

  it('a tls check does a whole handshake each time', async () => {
    const resumed: boolean[] = []
    const port = await secureServer(pair, {}, (socket) => {
      resumed.push((socket as Socket & { isSessionReused(): boolean }).isSessionReused())
      socket.end('x')
    })
    const target = targetAt(port, trusting(pair))
    for (let i = 0; i < 3; i++) expect(await told(script(expected('x')), target)).toBe('+L7OK')
    expect(resumed).toEqual([false, false, false])
  })

  it('a check fails with SOCKERR if a file of its TLS is gone, because the backend is not to blame', async () => {
    const missing = trusting(pair, { ca: join(folder, 'missing.pem') })
    expect(await told(TLS, targetAt(await secureServer(pair), missing))).toBe('SOCKERR (ENOENT)')
  })

  it('a check fails with L6RSP if the backend refuses it for want of a client certificate', async () => {
    const port = await secureServer(pair, { requestCert: true, ca: readFileSync(other.cert) }, (socket) =>
      socket.end('hello'),
    )
    const hello = script(expected('hello'))
    expect(await told(hello, targetAt(port, trusting(pair)))).toMatch(
      /^L6RSP \(ERR_SSL_.*CERTIFICATE_REQUIRED\)$/,
    )
    const own = { cert: other.cert, key: other.key }
    expect(await told(hello, targetAt(port, trusting(pair, own)))).toBe('+L7OK')
  })

  it('an http check in TLS offers HTTP/1.1 only, whatever the ALPN of the cluster', async () => {
    const port = await secureServer(pair, { ALPNProtocols: ['h2', 'http/1.1'] }, (socket) => {
      socket.end(
        `HTTP/1.1 ${(socket as Socket & { alpnProtocol: string }).alpnProtocol === 'h2' ? 500 : 204} x\r\n\r\n`,
      )
    })
    const alpn = trusting(pair, { alpn: ['h2', 'http/1.1'] })
    expect(await told(HTTP, targetAt(port, alpn))).toBe('+L7OK (status 204)')
  })

  it('an http check asks for its host if the server name is that of the client', async () => {
    const port = await secureServer(other, {}, (socket) => {
      const name = (socket as Socket & { servername: string }).servername
      socket.end(`HTTP/1.1 ${name === 'app.test' ? 200 : 500} x\r\n\r\n`)
    })
    const target = targetAt(port, trusting(other, { serverName: 'client' }))
    expect(await told({ ...HTTP, host: 'app.test' }, target)).toBe('+L7OK (status 200)')
  })

  it('a tls check of a backend that is silent, resets or closes fails with L6TOUT or L6RSP', async () => {
    const silent = await serving(() => {})
    expect(await told(TLS, targetAt(silent, { timeoutMs: BRIEF_MS }))).toBe('L6TOUT')
    const resetting = await serving((socket) => socket.once('data', () => socket.resetAndDestroy()))
    expect(await told(TLS, targetAt(resetting))).toBe('L6RSP (ECONNRESET)')
    const closing = await serving((socket) => socket.once('data', () => socket.end()))
    expect(await told(TLS, targetAt(closing))).toMatch(/^L6RSP \(/)
    const garbage = await serving((socket) => socket.end('SSH-2.0-none\r\n'))
    expect(await told(TLS, targetAt(garbage))).toBe('L6RSP (ERR_SSL_WRONG_VERSION_NUMBER)')
  })

  it('a check asks a Postgres backend for TLS first, and fails with L6RSP if it has none', async () => {
    const postgres = async (answer: string) =>
      await serving((socket) => socket.once('data', () => socket.write(answer)))
    const target = async (answer: string, timeoutMs = PATIENT_MS) =>
      targetAt(await postgres(answer), { startTls: 'postgres', timeoutMs })
    expect(await told(TLS, await target('N'))).toBe('L6RSP (the backend offers no TLS)')
    expect(await told(TLS, await target('Sx'))).toBe('L6RSP (bytes before the handshake)')
    expect(await told(TLS, await target('', BRIEF_MS))).toBe('L6TOUT (no answer to the request for TLS)')
    expect(await told(TLS, await target('S', BRIEF_MS))).toBe('L6TOUT')
  })
})
