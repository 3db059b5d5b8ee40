/**
 * What a PROXY header tells a backend about its client: what we learnt, and what the client's own PROXY
 * header said.
 */
import { isIPv6 } from 'node:net'
import type { Address } from '../../address.js'
import type { SendProxyConfig } from '../../config/schema.js'
import type { ProxyHeaderOptions } from '../../proxy-protocol/encode.js'
import { canBeRelayed, type ProxySsl } from '../../proxy-protocol/header.js'
import type { TlsFacts } from '../../route/visitor.js'
import type { KnownClient } from '../opening/known-client.js'

/** All that is known. `id` is that of the record. */
export function proxyFacts(client: KnownClient, id: string): ProxyHeaderOptions {
  const source = client.address
  const destination = destinationOf(client)
  const { proxyHeader, hello, tls } = client
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
    others: proxyHeader?.tlvs.filter(canBeRelayed) ?? [],
  }
}

/** Leaves out the TLVs that the cluster does not send. */
export function chosenFacts(facts: ProxyHeaderOptions, { tlvs }: SendProxyConfig): ProxyHeaderOptions {
  const { source, destination, alpn, authority, uniqueId, ssl, others } = facts
  const chosen = new Set(tlvs)
  return {
    ...(source && { source }),
    ...(destination && { destination }),
    ...(alpn !== undefined && chosen.has('alpn') && { alpn }),
    ...(authority !== undefined && chosen.has('authority') && { authority }),
    ...(uniqueId !== undefined && chosen.has('uniqueId') && { uniqueId }),
    ...(ssl !== undefined &&
      chosen.has('ssl') && { ssl: chosen.has('fromClient') ? ssl : withoutOthers(ssl) }),
    ...(others !== undefined && chosen.has('fromClient') && { others }),
  }
}

/**
 * A unix listener has no IP address. Without one the header could not tell the client's address either, so it
 * gets the unspecified address.
 */
function destinationOf({ fieldClient, localAddress }: KnownClient): Address | undefined {
  if (fieldClient?.kind !== 'tcp' || localAddress?.kind === 'tcp') return localAddress
  return { kind: 'tcp', host: isIPv6(fieldClient.host) ? '::' : '0.0.0.0', port: 0 }
}

function sslOf({ version, cipher, clientName }: TlsFacts): ProxySsl {
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

function withoutOthers({ others: _, ...ssl }: ProxySsl): ProxySsl {
  return ssl
}
