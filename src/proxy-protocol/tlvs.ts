/**
 * The TLVs of version 2, and what the known ones say. A TLV that is cut off, breaks its own rules or comes
 * twice makes the whole header wrong: two readers could understand it in two ways. Unknown TLVs are no error.
 */
import { isUtf8 } from 'node:buffer'
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
} from './header.js'

const CRC_BYTES = 4

/** Returns what a value says, or what is wrong with it. `header` is the whole header that the value is in. */
type Reader<Facts> = (value: Buffer, header: Buffer) => Partial<Facts> | string

const READERS: ReadonlyMap<number, Reader<ProxyFacts>> = new Map<number, Reader<ProxyFacts>>([
  [TLV_TYPES.alpn, (value) => ascii(value, (alpn) => ({ alpn }))],
  [TLV_TYPES.authority, readAuthority],
  [TLV_TYPES.crc32c, checkCrc],
  [TLV_TYPES.uniqueId, readUniqueId],
  [TLV_TYPES.ssl, readSsl],
  [TLV_TYPES.netns, (value) => ascii(value, (netns) => ({ netns }))],
])

const SSL_READERS: ReadonlyMap<number, Reader<ProxySsl>> = new Map<number, Reader<ProxySsl>>([
  [TLV_TYPES.sslVersion, (value) => ascii(value, (version) => ({ version }))],
  // The bytes come from a certificate. Some senders pass on bytes that were never UTF-8.
  [TLV_TYPES.sslCommonName, (value) => (isUtf8(value) ? { commonName: value.toString() } : {})],
  [TLV_TYPES.sslCipher, (value) => ascii(value, (cipher) => ({ cipher }))],
  [
    TLV_TYPES.sslSignatureAlgorithm,
    (value) => ascii(value, (signatureAlgorithm) => ({ signatureAlgorithm })),
  ],
  [TLV_TYPES.sslKeyAlgorithm, (value) => ascii(value, (keyAlgorithm) => ({ keyAlgorithm }))],
])

/** Reads the TLVs of `header` from `at` on. Returns them with what they say, or what is wrong with them. */
export function readTlvs(header: Buffer, at: number): (ProxyFacts & { tlvs: readonly Tlv[] }) | string {
  const tlvs = split(header.subarray(at))
  if (tlvs === undefined) return 'TLV cut off'
  const facts = interpret(tlvs, READERS, header)
  return typeof facts === 'string' ? facts : { ...facts, tlvs }
}

/** Leaves out padding. Undefined if the last TLV does not end with the bytes. */
function split(bytes: Buffer): Tlv[] | undefined {
  const tlvs: Tlv[] = []
  for (let at = 0; at < bytes.length; ) {
    if (bytes.length - at < TLV_FIXED_BYTES) return undefined
    const type = bytes.readUInt8(at)
    const start = at + TLV_FIXED_BYTES
    at = start + bytes.readUInt16BE(at + 1)
    if (at > bytes.length) return undefined
    if (type !== TLV_TYPES.noop) tlvs.push({ type, value: bytes.subarray(start, at) })
  }
  return tlvs
}

function interpret<Facts>(
  tlvs: readonly Tlv[],
  readers: ReadonlyMap<number, Reader<Facts>>,
  header: Buffer,
): Partial<Facts> | string {
  const facts: Partial<Facts> = {}
  const seen = new Set<number>()
  for (const { type, value } of tlvs) {
    const read = readers.get(type)
    if (read === undefined) continue
    if (seen.has(type)) return `TLV 0x${type.toString(16).padStart(2, '0')} twice`
    seen.add(type)
    const said = read(value, header)
    if (typeof said === 'string') return said
    Object.assign(facts, said)
  }
  return facts
}

/** Reads bytes that should be ASCII. If they are not, they say nothing. */
function ascii<Facts>(value: Buffer, say: (text: string) => Partial<Facts>): Partial<Facts> {
  const text = value.toString('latin1')
  return isPrintable(text) ? say(text) : {}
}

/** Routes depend on the authority. So one that cannot be read must not count as none. */
function readAuthority(value: Buffer): Partial<ProxyFacts> | string {
  return isUtf8(value) ? { authority: value.toString() } : 'authority is not UTF-8'
}

function readUniqueId(value: Buffer): Partial<ProxyFacts> | string {
  return value.length <= UNIQUE_ID_MAX_BYTES
    ? { uniqueId: value }
    : `unique id longer than ${UNIQUE_ID_MAX_BYTES} bytes`
}

/** The checksum is that of the header with zeros in place of the checksum. `value` lies inside `header`. */
function checkCrc(value: Buffer, header: Buffer): Partial<ProxyFacts> | string {
  if (value.length !== CRC_BYTES) return 'checksum of wrong length'
  const said = value.readUInt32BE()
  value.fill(0)
  const counted = crc32c(header)
  value.writeUInt32BE(said)
  return said === counted ? {} : 'wrong checksum'
}

function readSsl(value: Buffer, header: Buffer): Partial<ProxyFacts> | string {
  if (value.length < SSL_FIXED_BYTES) return 'SSL TLV too short'
  const nested = split(value.subarray(SSL_FIXED_BYTES))
  if (nested === undefined) return 'TLV inside SSL cut off'
  const texts = interpret(nested, SSL_READERS, header)
  if (typeof texts === 'string') return texts
  const client = value.readUInt8(0)
  const hasCertificate = (client & SSL_CLIENT_BITS.hasCertificate) !== 0
  const hasSessionCertificate = (client & SSL_CLIENT_BITS.hasSessionCertificate) !== 0
  // Senders also say "verified" if there was nothing to verify.
  const isVerified = value.readUInt32BE(1) === 0 && (hasCertificate || hasSessionCertificate)
  const isTls = (client & SSL_CLIENT_BITS.isTls) !== 0
  const others = nested.filter(({ type }) => !SSL_READERS.has(type))
  return {
    ssl: {
      isTls,
      hasCertificate,
      hasSessionCertificate,
      isVerified,
      ...texts,
      ...(others.length > 0 && { others }),
    },
  }
}
