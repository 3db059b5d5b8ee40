/** The client of a test: what it sends, and how it answers. It never throws, whatever becomes of its connection. */
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect } from 'node:tls'
import type { Address } from '../address.js'
import type { ListenerConfig } from '../config/schemas/listener-schema.js'
import type { TestConfig } from '../config/schemas/tests-schema.js'
import { TLS_REQUEST } from '../postgres/first-packet.js'
import { encodeProxyHeader } from '../proxy-protocol/encode.js'
import { firstBytesOf } from './first-bytes.js'

type Listening = Pick<ListenerConfig, 'address' | 'protocol' | 'tls' | 'startTls'>

/** An address of the documentation (RFC 5737), for clients of which the test says none. */
const USUAL_HOST = '192.0.2.1'
const PORT = 50_000
/** The answer of a server that has TLS, in the protocol of Postgres. */
const YES = 'S'.charCodeAt(0)

/** The address from which the client connects. */
export function addressOf({ from }: Pick<TestConfig, 'from'>, { address }: Listening): Address {
  const isUnix = from === undefined ? address.kind === 'unix' : from === 'unix'
  return isUnix ? { kind: 'unix', path: '' } : { kind: 'tcp', host: from ?? USUAL_HOST, port: PORT }
}

/** Lets the client speak on its end of the connection. */
export function speak(end: Duplex, test: TestConfig, listener: Listening): void {
  end.on('error', () => {})
  end.on('end', () => end.end())
  if (test.proxyHeader !== undefined) end.write(headerOf(test.proxyHeader))
  const say = (stream: Duplex): void => {
    stream.resume()
    const bytes = firstBytesOf(test, listener)
    if (bytes.length > 0) stream.write(bytes)
  }
  if (!speaksTls(test, listener)) say(end)
  else if (listener.startTls === undefined) beginTls(end, test, say)
  else askForTls(end, () => beginTls(end, test, say))
}

function speaksTls({ tls, sni, alpn, speaks }: TestConfig, listener: Listening): boolean {
  if (tls !== undefined) return tls
  if (sni !== undefined || alpn.length > 0 || speaks === 'tls') return true
  return listener.tls !== undefined && speaks === undefined
}

function beginTls(end: Duplex, { sni, alpn }: TestConfig, say: (stream: Duplex) => void): void {
  const stream = connect({
    socket: end,
    // Which certificate a server has is no matter of where a client goes.
    rejectUnauthorized: false,
    ...(sni !== undefined && { servername: sni }),
    ...(alpn.length > 0 && { ALPNProtocols: [...alpn] }),
  })
  stream.on('error', () => {})
  stream.once('secureConnect', () => say(stream))
}

function askForTls(end: Duplex, agreed: () => void): void {
  end.write(TLS_REQUEST)
  end.once('data', (answer: Buffer) => {
    end.pause()
    if (answer[0] === YES) agreed()
  })
}

function headerOf(host: string): Buffer {
  const destination = isIP(host) === 6 ? '2001:db8::1' : '192.0.2.254'
  return encodeProxyHeader(2, {
    source: { kind: 'tcp', host, port: PORT },
    destination: { kind: 'tcp', host: destination, port: PORT },
  })
}
