/**
 * What an opening has learnt, as the record tells it. Texts are copied: what they were cut from would live as long.
 */
import { formatAddress, formatPeer } from '../address.js'
import type { OpeningFacts } from '../observe/record.js'
import type { ProxyHeader, Tlv } from '../proxy-protocol/header.js'
import type { TlsFacts } from '../route/visitor.js'
import type { Exchange } from './exchange.js'
import type { Opening } from './opening.js'

export function openingFacts(
  opening: Opening,
  exchange: Exchange | undefined,
  backendTls: TlsFacts | undefined,
): OpeningFacts {
  const { proxyHeader, hello, tls, greeting, reception, fieldClient } = opening
  return {
    ...((proxyHeader ?? fieldClient) && { client: formatPeer(opening.clientAddress) }),
    peer: fieldClient && formatPeer(opening.sender),
    proxy: proxyHeader && proxyFactsOf(proxyHeader, opening),
    protocol: protocolOf(opening),
    sni: hello?.serverName,
    alpn: tls === undefined ? hello?.alpn : tls.alpn === undefined ? [] : [tls.alpn],
    tls: tls && { version: tls.version, cipher: tls.cipher, clientName: tls.clientName },
    backendTls: backendTls && {
      version: backendTls.version,
      cipher: backendTls.cipher,
      alpn: backendTls.alpn,
    },
    http: greeting && {
      method: greeting.head.method,
      authority: greeting.head.authority,
      path: reception.config.logQuery ? greeting.head.target : greeting.head.path,
      status: exchange?.status,
    },
  }
}

function protocolOf({ hello, tls, greeting, reception }: Opening): OpeningFacts['protocol'] {
  if (greeting?.key !== undefined) return tls === undefined ? 'WS' : 'WSS'
  if (reception.config.protocol === 'http') return tls === undefined ? 'HTTP' : 'HTTPS'
  return hello === undefined ? 'TCP' : 'TLS'
}

function proxyFactsOf(header: ProxyHeader, { peer, reception }: Opening): OpeningFacts['proxy'] {
  const { version, command, destination, authority, uniqueId, ssl, tlvs } = header
  const { logTlvs = [] } = reception.config.acceptProxy ?? {}
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
