/**
 * What a backend is told before the first byte of its client: who the client is, by a PROXY header in the clear, and
 * then, where the cluster says so, a TLS handshake.
 */
import { isIPv6 } from 'node:net'
import type { Address } from '../address.js'
import type { Backend } from '../cluster/backend.js'
import { Dialogue, DialogueOver } from '../io/dialogue.js'
import type { Engine } from '../io/engine.js'
import { StreamSocket } from '../io/stream-socket.js'
import { encodeProxyHeader } from '../proxy-protocol/encode.js'
import type { ProxyFacts } from '../proxy-protocol/header.js'
import type { TlsFacts } from '../route/visitor.js'
import type { Origination } from '../tls/origination.js'
import type { Opening } from './opening.js'
import { Refusal } from './refusal.js'

/** What a cluster's backends are to be told. */
export interface Manners {
  readonly sendProxy: 'v1' | 'v2' | undefined
  readonly origination: Origination | undefined
  /** In ms; 0: never. */
  readonly responseMs: number
  readonly idleMs: number
}

/** The backend's end as it is to be joined. */
export interface Approached {
  /** Another one than before where TLS was spoken. */
  readonly backend: Dialogue
  readonly tls: TlsFacts | undefined
}

/** Tells `backend` what it is to be told. Throws Refusal and DialogueOver. */
export async function approach(
  backend: Dialogue,
  to: Backend,
  manners: Manners,
  facts: ProxyFacts,
  engine: Engine,
): Promise<Approached> {
  const { sendProxy, origination, responseMs } = manners
  backend.allow(responseMs)
  if (sendProxy !== undefined) await backend.say(encodeProxyHeader(sendProxy === 'v1' ? 1 : 2, facts))
  if (origination === undefined) return { backend, tls: undefined }
  const raw = backend.socket.release()
  if (raw === undefined) throw badTls('the connection is closed')
  const handshake = origination.begin(raw, to, facts.authority)
  try {
    const { stream, facts: tls } = await backend.during(handshake.done)
    const socket = new StreamSocket(stream, engine.turns, 'not-a-plain-socket')
    socket.below = raw
    const secured = new Dialogue(socket, engine.turns, engine.sweep)
    secured.allow(responseMs)
    if (backend.isCalledOff) secured.callOff()
    backend.end()
    return { backend: secured, tls }
  } catch (error) {
    handshake.cancel()
    if (error instanceof DialogueOver) throw error
    throw badTls(error instanceof Error ? error.message : String(error))
  }
}

/** What is known of a client is passed on, be it from its own proxy or from its TLS; `id` is that of the record. */
export function proxyFacts(opening: Opening, id: string): ProxyFacts {
  const source = opening.clientAddress
  const destination = destinationOf(opening)
  const { proxyHeader, hello, tls } = opening
  const alpn = tls?.alpn ?? proxyHeader?.alpn
  const authority = hello?.serverName ?? proxyHeader?.authority
  const ssl = tls === undefined ? proxyHeader?.ssl : sslOf(tls)
  return {
    ...(source && { source }),
    ...(destination && { destination }),
    ...(alpn !== undefined && { alpn }),
    ...(authority !== undefined && { authority }),
    uniqueId: proxyHeader?.uniqueId ?? Buffer.from(id),
    ...(ssl && { ssl }),
  }
}

/** Of a unix listener there is no IP address, without which none of the client could be told either. */
function destinationOf({ fieldClient, localAddress }: Opening): Address | undefined {
  if (fieldClient?.kind !== 'tcp' || localAddress?.kind === 'tcp') return localAddress
  return { kind: 'tcp', host: isIPv6(fieldClient.host) ? '::' : '0.0.0.0', port: 0 }
}

function sslOf({ version, cipher, clientName }: NonNullable<Opening['tls']>): ProxyFacts['ssl'] {
  const hasCertificate = clientName !== undefined
  const name = clientName === undefined ? {} : { commonName: clientName }
  return {
    isTls: true,
    hasCertificate,
    hasSessionCertificate: hasCertificate,
    isVerified: hasCertificate,
    version,
    cipher,
    ...name,
  }
}

const badTls = (why: string): Refusal =>
  new Refusal({ by: 'backend', phase: 'response', cause: `backend-tls: ${why}` }, 502)
