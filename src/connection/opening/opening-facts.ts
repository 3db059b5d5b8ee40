/**
 * What was learnt of a client, as the record tells it. A text may be a slice of a longer one, which then
 * stays in memory as long. A negotiation copies the texts before its hand-over.
 */
import { formatAddress, formatPeer } from '../../address.js'
import type { OpeningFacts } from '../../observe/records/record.js'
import type { ProxyHeader, Tlv } from '../../proxy-protocol/header.js'
import type { TlsFacts } from '../../route/visitor.js'
import type { Exchange } from '../backend/exchange.js'
import { TLS } from '../listener-policy.js'
import type { KnownClient } from './known-client.js'

export function openingFacts(
  client: KnownClient,
  exchange: Exchange | undefined,
  backendTls: TlsFacts | undefined,
): OpeningFacts {
  const { proxyHeader, hello, tls, request, policy, fieldClient } = client
  return {
    ...((proxyHeader ?? fieldClient) && { client: formatPeer(client.address) }),
    peer: fieldClient && formatPeer(client.sender),
    proxy: proxyHeader && proxyFactsOf(proxyHeader, client),
    protocol: protocolOf(client),
    speaks: client.isSilent ? 'nothing' : client.spoken?.[0],
    sni: hello?.serverName,
    alpn: tls === undefined ? hello?.alpn : tls.alpn === undefined ? [] : [tls.alpn],
    tls: tls && { version: tls.version, cipher: tls.cipher, clientName: tls.clientName },
    backendTls: backendTls && {
      version: backendTls.version,
      cipher: backendTls.cipher,
      alpn: backendTls.alpn,
    },
    http: request && {
      method: request.head.method,
      authority: request.head.authority,
      path: policy.config.logQuery ? request.head.target : request.head.path,
      status: exchange?.status,
    },
    routeMicros: client.routeMicros,
  }
}

function protocolOf({ hello, tls, request, policy, spoken }: KnownClient): OpeningFacts['protocol'] {
  if (request?.key !== undefined) return tls === undefined ? 'WS' : 'WSS'
  if (policy.config.protocol === 'http') return tls === undefined ? 'HTTP' : 'HTTPS'
  return hello !== undefined || spoken?.includes(TLS) ? 'TLS' : 'TCP'
}

function proxyFactsOf(header: ProxyHeader, { peer, policy }: KnownClient): OpeningFacts['proxy'] {
  const { version, command, destination, authority, uniqueId, ssl, tlvs } = header
  const { logTlvs = [] } = policy.config.acceptProxy ?? {}
  return {
    from: formatPeer(peer),
    version,
    command,
    destination: destination && formatAddress(destination),
    authority,
    uniqueId: uniqueId?.toString('base64'),
    tlsVersion: ssl?.version,
    tlvs: tlvs.map(({ type }) => type),
    tlvValues:
      logTlvs.length === 0 ? undefined : tlvs.filter(({ type }) => logTlvs.includes(type)).map(tlvValue),
  }
}

const tlvValue = ({ type, value }: Tlv): { type: number; value: string } => ({
  type,
  value: value.toString('base64'),
})
