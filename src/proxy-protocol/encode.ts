/**
 * Writes the header that tells a backend who its client is. Pure. It must never write what decode.ts would
 * refuse or read differently. A fact that cannot be written whole is left out.
 */
import { isIPv4 } from 'node:net'
import { bytesToIp, ipToBytes, mapToIpv6 } from '../ip.js'
import { crc32c } from './crc32c.js'
import {
  isPrintable,
  type ProxyFacts,
  type ProxySsl,
  SSL_CLIENT_BITS,
  SSL_FIXED_BYTES,
  TLV_FIXED_BYTES,
  TLV_TYPES,
  type Tlv,
  UNIQUE_ID_MAX_BYTES,
  V2_COMMANDS,
  V2_FAMILIES,
  V2_FIXED_BYTES,
  V2_MAX_LENGTH_BYTES,
  V2_SIGNATURE,
  V2_TRANSPORTS,
} from './header.js'

export interface ProxyHeaderOptions extends ProxyFacts {
  /** Whether version 2 carries a checksum. Default true. */
  readonly crc32c?: boolean
  /**
   * More TLVs of version 2, of types that this encoder does not write itself. A TLV that would make the
   * header too long is left out.
   */
  readonly others?: readonly Tlv[]
}

const VERSION_2 = 0x20
/** Receivers, such as HAProxy, keep room for this much. All texts together stay far below the limit. */
const TEXT_MAX_BYTES = 255
const CRC_BYTES = 4
const NOT_VERIFIED = 1

/**
 * Writes the header of a proxied connection. It needs both addresses to tell either. If one is missing, or is
 * no IP address, there are none (`UNKNOWN`, UNSPEC). IPv4 mapped into IPv6 is written as IPv4, and IPv4
 * beside IPv6 as mapped IPv6. Names of unix sockets are never told: the specification lets a receiver refuse
 * AF_UNIX, and HAProxy does. Version 1 tells nothing but IP addresses. Version 2 leaves out a text above 255
 * bytes, a unique id above 128, and an ALPN, namespace or TLS detail that is not printable ASCII.
 */
export function encodeProxyHeader(version: 1 | 2, header: ProxyHeaderOptions): Buffer {
  return version === 1 ? encodeV1(header) : encodeV2(header)
}

/** Writes the header of a connection that millrace makes for itself: `PROXY UNKNOWN` in version 1, LOCAL in version 2. */
export function encodeLocalHeader(version: 1 | 2): Buffer {
  if (version === 1) return encodeV1({})
  const command = VERSION_2 | V2_COMMANDS.local
  const family = (V2_FAMILIES.unspec << 4) | V2_TRANSPORTS.unspec
  return Buffer.concat([V2_SIGNATURE, Buffer.from([command, family, 0, 0])])
}

interface TcpEnd {
  readonly ip: Buffer
  readonly port: number
}

type Ends = readonly [from: TcpEnd, to: TcpEnd]

/** Both ends in one address family. Undefined if the header cannot tell them. */
function endsOf({ source, destination }: ProxyFacts): Ends | undefined {
  if (source?.kind !== 'tcp' || destination?.kind !== 'tcp') return undefined
  const from = ipToBytes(source.host)
  const to = ipToBytes(destination.host)
  if (from === undefined || to === undefined) return undefined
  const unify = from.length === to.length ? (ip: Buffer) => ip : mapToIpv6
  return [
    { ip: unify(from), port: source.port },
    { ip: unify(to), port: destination.port },
  ]
}

function encodeV1(facts: ProxyFacts): Buffer {
  const ends = endsOf(facts)
  if (ends === undefined) return Buffer.from('PROXY UNKNOWN\r\n')
  const [from, to] = ends
  const source = bytesToIp(from.ip)
  const protocol = isIPv4(source) ? 'TCP4' : 'TCP6'
  return Buffer.from(`PROXY ${protocol} ${source} ${bytesToIp(to.ip)} ${from.port} ${to.port}\r\n`)
}

function encodeV2(header: ProxyHeaderOptions): Buffer {
  const addresses = addressBlock(endsOf(header))
  const hasCrc = header.crc32c ?? true
  const crc = hasCrc ? tlv(TLV_TYPES.crc32c, Buffer.alloc(CRC_BYTES)) : Buffer.alloc(0)
  const known = [addresses.bytes, ...tlvsOf(header)]
  const freeBytes = V2_MAX_LENGTH_BYTES - lengthOf([...known, crc])
  const rest = Buffer.concat([...known, ...fitting(header.others ?? [], freeBytes), crc])
  const bytes = Buffer.concat([V2_SIGNATURE, Buffer.alloc(V2_FIXED_BYTES - V2_SIGNATURE.length), rest])
  bytes.writeUInt8(VERSION_2 | V2_COMMANDS.proxy, V2_SIGNATURE.length)
  bytes.writeUInt8(addresses.family, V2_SIGNATURE.length + 1)
  bytes.writeUInt16BE(rest.length, V2_SIGNATURE.length + 2)
  if (hasCrc) bytes.writeUInt32BE(crc32c(bytes), bytes.length - CRC_BYTES)
  return bytes
}

function addressBlock(ends: Ends | undefined): { family: number; bytes: Buffer } {
  if (ends === undefined) return { family: V2_FAMILIES.unspec, bytes: Buffer.alloc(0) }
  const [from, to] = ends
  const ports = Buffer.alloc(4)
  ports.writeUInt16BE(from.port, 0)
  ports.writeUInt16BE(to.port, 2)
  const family = from.ip.length === 4 ? V2_FAMILIES.inet : V2_FAMILIES.inet6
  return { family: (family << 4) | V2_TRANSPORTS.stream, bytes: Buffer.concat([from.ip, to.ip, ports]) }
}

function tlvsOf({ authority, alpn, uniqueId, ssl, netns }: ProxyFacts): Buffer[] {
  const hasId = uniqueId !== undefined && uniqueId.length <= UNIQUE_ID_MAX_BYTES
  return [
    ...utf8(TLV_TYPES.authority, authority),
    ...ascii(TLV_TYPES.alpn, alpn),
    ...(hasId ? [tlv(TLV_TYPES.uniqueId, uniqueId)] : []),
    ...(ssl === undefined ? [] : [tlv(TLV_TYPES.ssl, sslValue(ssl))]),
    ...ascii(TLV_TYPES.netns, netns),
  ]
}

/** Takes TLVs in order, each whole or not at all. */
function fitting(tlvs: readonly Tlv[], mostBytes: number): Buffer[] {
  let freeBytes = mostBytes
  return tlvs.flatMap(({ type, value }) => {
    const bytes = tlv(type, value)
    if (bytes.length > freeBytes) return []
    freeBytes -= bytes.length
    return [bytes]
  })
}

const lengthOf = (parts: readonly Buffer[]): number => parts.reduce((sum, { length }) => sum + length, 0)

function sslValue(ssl: ProxySsl): Buffer {
  const fixed = Buffer.alloc(SSL_FIXED_BYTES)
  const names = ['isTls', 'hasCertificate', 'hasSessionCertificate'] as const
  fixed.writeUInt8(names.reduce((bits, name) => bits | (ssl[name] ? SSL_CLIENT_BITS[name] : 0), 0))
  fixed.writeUInt32BE(ssl.isVerified ? 0 : NOT_VERIFIED, 1)
  return Buffer.concat([
    fixed,
    ...ascii(TLV_TYPES.sslVersion, ssl.version),
    ...utf8(TLV_TYPES.sslCommonName, ssl.commonName),
    ...ascii(TLV_TYPES.sslCipher, ssl.cipher),
    ...ascii(TLV_TYPES.sslSignatureAlgorithm, ssl.signatureAlgorithm),
    ...ascii(TLV_TYPES.sslKeyAlgorithm, ssl.keyAlgorithm),
    ...(ssl.others ?? []).map(({ type, value }) => tlv(type, value)),
  ])
}

/** The TLV of a text. Empty if the text is missing or too long. */
function utf8(type: number, text: string | undefined): Buffer[] {
  if (text === undefined) return []
  const value = Buffer.from(text)
  return value.length <= TEXT_MAX_BYTES ? [tlv(type, value)] : []
}

const ascii = (type: number, text: string | undefined): Buffer[] =>
  text !== undefined && isPrintable(text) ? utf8(type, text) : []

function tlv(type: number, value: Buffer): Buffer {
  const fixed = Buffer.alloc(TLV_FIXED_BYTES)
  fixed.writeUInt8(type)
  fixed.writeUInt16BE(value.length, 1)
  return Buffer.concat([fixed, value])
}
