/**
 * Sets of peers, as people list them: `10.0.0.0/8`, `2001:db8::/32`, `192.0.2.1`, `unix`. Pure: no resolver.
 */
import { BlockList, isIP, isIPv4 } from 'node:net'
import { type Address, unmapIpv4 } from './address.js'

/** Stands for every client of a unix socket. The file's permissions have already decided who may connect. */
const UNIX = 'unix'
/** Of an IPv6 address, before the IPv4 address that is inside it (RFC 4291, section 2.5.5.2). */
const MAPPED_BITS = 96
const SOME_RANGES = 'expected addresses such as 10.0.0.0/8, 2001:db8::/32, 192.0.2.1 or unix'

/** A network. An IPv4 network that is written inside IPv6 is IPv4. */
export interface AddressRange {
  readonly host: string
  readonly family: 'ipv4' | 'ipv6'
  readonly prefix: number
}

export class AddressSet {
  // One list of both would find every IPv4 address in `::/0`.
  readonly #ranges = { ipv4: new BlockList(), ipv6: new BlockList() }
  readonly #hasUnix: boolean

  /** `explainAddressRange` must have accepted every one of `texts`. */
  constructor(texts: readonly string[]) {
    this.#hasUnix = texts.includes(UNIX)
    for (const text of texts) {
      const range = parseAddressRange(text)
      if (typeof range === 'object')
        this.#ranges[range.family].addSubnet(range.host, range.prefix, range.family)
    }
  }

  /** An IPv4 address inside IPv6 counts as IPv4, and never as IPv6. An undefined address is in no set. */
  has(address: Address | undefined): boolean {
    if (address === undefined) return false
    if (address.kind === 'unix') return this.#hasUnix
    const host = unmapIpv4(withoutZone(address.host))
    if (isIP(host) === 0) return false
    const family = familyOf(host)
    return this.#ranges[family].check(host, family)
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
  if (isIP(host) === 0 || host.includes('%') || more.length > 0) {
    return expected
  }
  const most = isIPv4(host) ? 32 : 128
  const prefix = digits === undefined ? most : /^\d{1,3}$/.test(digits) ? Number(digits) : Number.NaN
  if (!(prefix <= most)) return `expected a number from 0 to ${most} after "${host}/"`
  const ipv4 = unmapIpv4(host)
  if (ipv4 !== host && prefix >= MAPPED_BITS)
    return { host: ipv4, family: 'ipv4', prefix: prefix - MAPPED_BITS }
  return { host, family: familyOf(host), prefix }
}

const familyOf = (ip: string): AddressRange['family'] => (isIPv4(ip) ? 'ipv4' : 'ipv6')

const withoutZone = (host: string): string => host.split('%')[0] ?? host
