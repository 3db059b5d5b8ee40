/**
 * What a PROXY protocol header says, in either version, and the numbers of its format. The specification is
 * haproxy's doc/proxy-protocol.txt. Nothing here reads or writes bytes.
 */
import type { Address } from '../address.js'

/** What the sender knows about its client's TLS. A text is missing if the sender did not send it as text. */
export interface ProxySsl {
  /** The client spoke TLS to the sender. */
  readonly isTls: boolean
  /** The client gave a certificate on this very connection. */
  readonly hasCertificate: boolean
  /** The client gave a certificate at least once in this TLS session. */
  readonly hasSessionCertificate: boolean
  /** The client gave a certificate, and the sender found it valid. False without a certificate. */
  readonly isVerified: boolean
  /** Such as `TLSv1.3`. */
  readonly version?: string
  /** Such as `TLS_AES_256_GCM_SHA384`. */
  readonly cipher?: string
  /** Common name of the client's certificate. */
  readonly commonName?: string
  /** Signature algorithm of the sender's own certificate, such as `SHA256`. */
  readonly signatureAlgorithm?: string
  /** Kind of key in the sender's own certificate, such as `RSA2048`. */
  readonly keyAlgorithm?: string
  /** Unknown TLVs inside this one, as they came. */
  readonly others?: readonly Tlv[]
}

/** What a header can say about its connection. Anything may be missing. */
export interface ProxyFacts {
  /** Who connected to the sender. An unnamed unix socket has an empty path. Abstract names begin with NUL. */
  readonly source?: Address
  /** The address that they connected to. Known exactly when `source` is. */
  readonly destination?: Address
  /** Protocol chosen by ALPN. Missing if it is not printable ASCII. */
  readonly alpn?: string
  /** Host name that the client asked for. With TLS, that is the SNI. */
  readonly authority?: string
  /** Identifies the connection across several proxies: at most 128 bytes of any kind. */
  readonly uniqueId?: Buffer
  readonly ssl?: ProxySsl
  /** Name of the network namespace. Missing if it is not printable ASCII. */
  readonly netns?: string
}

/** A type-length-value of version 2 as it came. */
export interface Tlv {
  /** 0 to 255. */
  readonly type: number
  readonly value: Buffer
}

export interface ProxyHeader extends ProxyFacts {
  readonly version: 1 | 2
  /** `local`: the sender speaks for itself, as in a health check, and names no addresses. */
  readonly command: 'local' | 'proxy'
  /** What version 2 carried besides the addresses, in order, without padding. Empty for `local`. */
  readonly tlvs: readonly Tlv[]
}

/** The space is part of it, so that `PROXYING` does not match. */
export const V1_SIGNATURE: Buffer = Buffer.from('PROXY ')
/** Section 2.1: the longest possible line, CRLF included. */
export const V1_MAX_BYTES = 107

export const V2_SIGNATURE: Buffer = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
/** Signature, version and command, family and transport, length. */
export const V2_FIXED_BYTES = 16
/** Most bytes that may follow the fixed part. The field could say 65535, but no sender comes near this. */
export const V2_MAX_LENGTH_BYTES = 4096
export const V2_COMMANDS = { local: 0, proxy: 1 } as const
export const V2_FAMILIES = { unspec: 0, inet: 1, inet6: 2, unix: 3 } as const
export const V2_TRANSPORTS = { unspec: 0, stream: 1, dgram: 2 } as const
/** Size of `sun_path` (unix(7)), which holds a name padded with NULs. */
export const UNIX_NAME_BYTES = 108
/** Type and length. */
export const TLV_FIXED_BYTES = 3

export const TLV_TYPES = {
  alpn: 0x01,
  authority: 0x02,
  crc32c: 0x03,
  noop: 0x04,
  uniqueId: 0x05,
  ssl: 0x20,
  sslVersion: 0x21,
  sslCommonName: 0x22,
  sslCipher: 0x23,
  sslSignatureAlgorithm: 0x24,
  sslKeyAlgorithm: 0x25,
  netns: 0x30,
} as const

/** Types that the encoder writes itself. TLVs of every other type can be relayed. */
const OWN_TYPES: ReadonlySet<number> = new Set([
  TLV_TYPES.alpn,
  TLV_TYPES.authority,
  TLV_TYPES.crc32c,
  TLV_TYPES.noop,
  TLV_TYPES.uniqueId,
  TLV_TYPES.ssl,
])

export const canBeRelayed = ({ type }: Tlv): boolean => !OWN_TYPES.has(type)

export const UNIQUE_ID_MAX_BYTES = 128
/** The client's bits and the result of the verification, before the nested TLVs. */
export const SSL_FIXED_BYTES = 5
export const SSL_CLIENT_BITS = { isTls: 1, hasCertificate: 2, hasSessionCertificate: 4 } as const

export const isPrintable = (text: string): boolean => /^[\x20-\x7e]+$/.test(text)
