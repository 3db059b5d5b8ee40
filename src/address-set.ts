/**
 * Sets of peers, as people list them: `10.0.0.0/8`, `2001:db8::/32`, `192.0.2.1`, `unix`. Pure: no resolver.
 */
import { isIPv4 } from 'node:net'
import { ipv4OfPeer, type PeerAddress } from './address.js'
import { ipToBytes, mapToIpv6, unwrapNat64 } from './ip.js'
import { type Mark, PrefixTree } from './prefix-tree.js'

/** Stands for every client of a unix socket. The file's permissions have already decided who may connect. */
const UNIX = 'unix'
/** Of an IPv6 address, before the IPv4 address that is inside it (RFC 4291 section 2.5.5.2, RFC 6052 section 2.2). */
const BITS_BEFORE_IPV4 = 96
const IPV4_BYTES = 4
const SOME_RANGES = 'expected addresses such as 10.0.0.0/8, 2001:db8::/32, 192.0.2.1 or unix'

/** A network. An IPv4 network that is written inside IPv6, mapped or behind the prefix of NAT64, is IPv4. */
export interface AddressRange {
  readonly host: string
  readonly family: 'ipv4' | 'ipv6'
  readonly prefix: number
  /** Of the host: 4 of IPv4, or 16 of IPv6. */
  readonly bytes: Buffer
}

// Every look-up and every entry writes its address here first. Nothing runs in between.
const ipv4 = new Uint32Array(1)
const ipv6 = new Uint32Array(4)

export class AddressSet {
  // One tree of both would find every IPv4 address in `::/0`.
  readonly #ipv4 = new PrefixTree(1)
  readonly #ipv6 = new PrefixTree(4)
  #unix: Mark | 0 = 0

  /** `explainAddressRange` must have accepted every one of `texts`. */
  constructor(texts: readonly string[] = []) {
    for (const text of texts) this.add(text)
  }

  /** Returns what is wrong with the text. Undefined: nothing. `-1`: the range is an exception from larger ones. */
  add(text: string, mark: Mark = 1): string | undefined {
    if (text === UNIX) {
      this.#unix = this.#unix === -1 ? -1 : mark
      return undefined
    }
    const range = parseAddressRange(text)
    if (typeof range === 'string') return range
    if (range.bytes.length === IPV4_BYTES) this.#ipv4.add(toIpv4(range.bytes), range.prefix, mark)
    else this.#ipv6.add(toIpv6(range.bytes), range.prefix, mark)
    return undefined
  }

  /** An IPv4 address inside IPv6, mapped or from NAT64, counts as IPv4, and never as IPv6. An undefined address is in no set. */
  has(peer: PeerAddress): boolean {
    return this.match(peer) > 0
  }

  /**
   * 0: no range has this address. Else the longest one decides: the more bits its prefix has, the further the number is from
   * 0. Negative: it is an exception.
   */
  match(peer: PeerAddress): number {
    if (peer === undefined) return 0
    if (typeof peer === 'number') {
      ipv4[0] = ipv4OfPeer(peer)
      return this.#ipv4.longest(ipv4)
    }
    if (peer.kind === 'unix') return this.#unix
    const whole = ipToBytes(peer.host)
    if (whole === undefined) return 0
    const bytes = unwrapNat64(whole)
    return bytes.length === IPV4_BYTES ? this.#ipv4.longest(toIpv4(bytes)) : this.#ipv6.longest(toIpv6(bytes))
  }
}

/** Says what is wrong with a text that should name a range of addresses. Undefined: nothing is wrong. */
export function explainAddressRange(text: string): string | undefined {
  const range = text === UNIX ? undefined : parseAddressRange(text)
  return typeof range === 'string' ? range : undefined
}

/** The same for an address or a network of IP. */
export function explainNetwork(text: string): string | undefined {
  if (text === UNIX) return 'clients of unix sockets have no IP address'
  const range = parseAddressRange(
    text,
    'expected an address or a network, such as 192.0.2.1 or 2001:db8::/32',
  )
  return typeof range === 'string' ? range : undefined
}

/** Returns the network, or a sentence that says what is wrong with the text: `expected` if it is no address at all. */
export function parseAddressRange(text: string, expected = SOME_RANGES): AddressRange | string {
  const [host = '', digits, ...more] = text.split('/')
  const whole = host.includes('%') || more.length > 0 ? undefined : ipToBytes(host)
  if (whole === undefined) return expected
  const family = isIPv4(host) ? 'ipv4' : 'ipv6'
  const most = family === 'ipv4' ? 32 : 128
  const prefix = digits === undefined ? most : /^\d{1,3}$/.test(digits) ? Number(digits) : Number.NaN
  if (!(prefix <= most)) return `expected a number from 0 to ${most} after "${host}/"`
  const bytes = unwrapNat64(whole)
  const isInside = family === 'ipv6' && bytes.length === IPV4_BYTES
  if (!isInside) return { host, family, prefix, bytes }
  if (prefix < BITS_BEFORE_IPV4) return { host, family, prefix, bytes: mapToIpv6(whole) }
  if (prefix === BITS_BEFORE_IPV4 && bytes !== whole)
    return `"${text}" has every IPv4 address, because an address from NAT64 counts as IPv4: write 0.0.0.0/0`
  return { host: bytes.join('.'), family: 'ipv4', prefix: prefix - BITS_BEFORE_IPV4, bytes }
}

function toIpv4(bytes: Buffer): Uint32Array {
  ipv4[0] = bytes.readUInt32BE(0)
  return ipv4
}

function toIpv6(bytes: Buffer): Uint32Array {
  for (let word = 0; word < 4; word++) ipv6[word] = bytes.readUInt32BE(4 * word)
  return ipv6
}

/** Addresses that always lead to this machine. */
export const LOOPBACK = new AddressSet(['127.0.0.0/8', '::1'])
