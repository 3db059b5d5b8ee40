/**
 * Sources: the clients that limits and queues count as one. A source is a network: an IPv4 or IPv6 address without its last bits. All
 * clients of unix sockets are one source here. Limits do not count them. Pure.
 */
import type { Address } from './address.js'
import { bytesToIp, ipToBytes, unwrapNat64 } from './ip.js'

/** What counts as one source if nobody says otherwise. A customer usually has a whole /64 of IPv6 (RFC 6177). */
export const USUAL_PREFIXES = { prefix4: 32, prefix6: 64 } as const

/** A network as 16 characters, each of them one byte of an IPv6 address. IPv4 is mapped into IPv6. */
export type Source = string & { readonly kind: 'source' }

export interface SourcePrefixes {
  /** How many bits of an IPv4 address count. 0 to 32. */
  readonly prefix4: number
  /** How many bits of an IPv6 address count. 0 to 128. */
  readonly prefix6: number
}

const IPV4_BITS = 32
const IPV4_BYTES = 4
const IPV6_BYTES = 16
const PORTS = 65536
const MAPPED_PREFIX = '\0\0\0\0\0\0\0\0\0\0\xff\xff'
/** Before the IPv4 address in a mapped one. */
export const MAPPED_BITS = 96
/** Addresses that no client has, because they are reserved for multicast (RFC 4291 section 2.7). */
const UNIX = '\xff'.repeat(IPV6_BYTES) as Source
/** The source of a peer that was gone before millrace could ask for its address. */
const UNKNOWN = UNIX.replace(/.$/, '\xfe') as Source

/**
 * The source of a client. A number is a packed IPv4 address and port, as in `PeerAddress`. An IPv4 address inside IPv6, mapped
 * or from NAT64, counts as IPv4.
 */
export function sourceOf(client: Address | number | undefined, prefixes: SourcePrefixes): Source {
  if (typeof client === 'number') return ipv4Source(Math.floor(client / PORTS), prefixes.prefix4)
  if (client === undefined) return UNKNOWN
  if (client.kind === 'unix') return UNIX
  const bytes = ipToBytes(client.host)
  return bytes === undefined ? UNKNOWN : sourceOfBytes(unwrapNat64(bytes), prefixes)
}

/** The network as people write it: `192.0.2.1`, `192.0.2.0/24`, `2001:db8::/64`. `unix` for clients of unix sockets. */
export function formatSource(source: Source, { prefix4, prefix6 }: SourcePrefixes): string {
  if (source === UNIX) return 'unix'
  if (source === UNKNOWN) return 'unknown'
  const bytes = Buffer.from(source, 'latin1')
  const isV4 = isIpv4(source)
  const host = bytesToIp(isV4 ? bytes.subarray(MAPPED_PREFIX.length) : bytes)
  const [prefix, most] = isV4 ? [prefix4, IPV4_BITS] : [prefix6, 8 * IPV6_BYTES]
  return prefix === most ? host : `${host}/${prefix}`
}

/** Whether the source is a network of IPv4. */
export const isIpv4 = (source: Source): boolean => source.startsWith(MAPPED_PREFIX)

/** The network with the first `bits` bits of a source: 0 to 128. All bits behind them are 0. */
export function firstBits(source: Source, bits: number): Source {
  const [bytes, rest] = [bits >> 3, bits & 7]
  const kept = rest === 0 ? '' : String.fromCharCode(source.charCodeAt(bytes) & (0xff00 >> rest) & 0xff)
  return (source.slice(0, bytes) + kept).padEnd(IPV6_BYTES, '\0') as Source
}

function sourceOfBytes(bytes: Buffer, { prefix4, prefix6 }: SourcePrefixes): Source {
  if (bytes.length === IPV4_BYTES) return ipv4Source(bytes.readUInt32BE(), prefix4)
  return firstBits(bytes.toString('latin1') as Source, prefix6)
}

function ipv4Source(ipv4: number, prefix4: number): Source {
  // A shift by 32 would be none.
  const network = prefix4 === 0 ? 0 : ipv4 & (-1 << (IPV4_BITS - prefix4))
  const text = String.fromCharCode(
    network >>> 24,
    (network >>> 16) & 0xff,
    (network >>> 8) & 0xff,
    network & 0xff,
  )
  return (MAPPED_PREFIX + text) as Source
}
