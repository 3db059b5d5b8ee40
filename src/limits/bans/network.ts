/**
 * The networks that are banned. An address is the smallest network. Pure.
 */
import type { PeerAddress } from '../../address.js'
import { type AddressRange, explainNetwork, parseAddressRange } from '../../address-set.js'
import { bytesToIp, mapToIpv6, unmapBytes } from '../../ip.js'
import { firstBits, isIpv4, MAPPED_BITS, type Source, type SourcePrefixes, sourceOf } from '../../source.js'

export interface Network {
  readonly family: 'ipv4' | 'ipv6'
  /** How many leading bits of an address count: 0 to 32, or 0 to 128. */
  readonly prefix: number
  /** 16 bytes, as characters. IPv4 is mapped into IPv6. All bits behind the prefix are 0. */
  readonly source: Source
}

const LONGEST = { ipv4: 32, ipv6: 128 }
const WHOLE: SourcePrefixes = { prefix4: LONGEST.ipv4, prefix6: LONGEST.ipv6 }

/**
 * The network of a text such as `192.0.2.1` or `2001:db8::/32`, or a sentence that says what is wrong. A single address means
 * its source: the network that `prefixes` make of it.
 */
export function readNetwork(text: string, prefixes: SourcePrefixes): Network | string {
  const range = parseAddressRange(text)
  if (typeof range === 'string') return explainNetwork(text) ?? range
  const network = networkOf(range)
  return text.includes('/') ? network : cut(network, prefixes)
}

/** The source of a client. Undefined: the client has no IP address. */
export function sourceNetwork(client: PeerAddress, prefixes: SourcePrefixes): Network | undefined {
  const whole = wholeSource(client)
  if (whole === undefined) return undefined
  const family = familyOf(whole)
  return cut({ family, prefix: LONGEST[family], source: whole }, prefixes)
}

/** The address of a client, as the source that `holds` asks about. Undefined: the client has no IP address. */
export function wholeSource(client: PeerAddress): Source | undefined {
  if (client === undefined || (typeof client === 'object' && client.kind === 'unix')) return undefined
  return sourceOf(client, WHOLE)
}

/** For people: `192.0.2.1`, `192.0.2.0/24`, `2001:db8::/64`. */
export function formatNetwork(network: Network): string {
  return network.prefix === LONGEST[network.family] ? hostOf(network) : exactText(network)
}

/** Always with the prefix, so that `readNetwork` gives the same network whatever a source is. */
export const exactText = (network: Network): string => `${hostOf(network)}/${network.prefix}`

export const familyOf = (whole: Source): Network['family'] => (isIpv4(whole) ? 'ipv4' : 'ipv6')

/** The network of this prefix in which the source is. */
export const sourceWithin = (source: Source, family: Network['family'], prefix: number): Source =>
  firstBits(source, family === 'ipv4' ? MAPPED_BITS + prefix : prefix)

/** Whether every address of `inner` is in `outer`. */
export function contains(outer: Network, inner: Network): boolean {
  const { family, prefix, source } = outer
  if (family !== inner.family || prefix > inner.prefix) return false
  return sourceWithin(inner.source, family, prefix) === source
}

export const overlap = (one: Network, other: Network): boolean => contains(one, other) || contains(other, one)

const hostOf = ({ source }: Network): string => bytesToIp(unmapBytes(Buffer.from(source, 'latin1')))

function cut(network: Network, { prefix4, prefix6 }: SourcePrefixes): Network {
  const { family, source } = network
  const prefix = Math.min(network.prefix, family === 'ipv4' ? prefix4 : prefix6)
  return { family, prefix, source: sourceWithin(source, family, prefix) }
}

function networkOf({ family, prefix, bytes }: AddressRange): Network {
  const source = mapToIpv6(bytes).toString('latin1') as Source
  return { family, prefix, source: sourceWithin(source, family, prefix) }
}
