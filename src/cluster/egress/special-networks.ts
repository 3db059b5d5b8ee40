/**
 * Networks that are not the public internet, and what each is for. Pure. The sources are IANA's registries of special-purpose
 * addresses (RFC 6890) and of IPv6 (only 2000::/3 is given out as global unicast).
 */
import { ipToBytes } from '../../ip.js'

/** Read when it is first compared, because few processes compare any, and Node takes 5 ms for its first IPv6 address. */
class Network {
  /** With its article, for people. */
  readonly is: string
  readonly bits: number
  readonly #host: string
  #first: Buffer | undefined

  constructor(text: string, is: string) {
    const [host = '', bits] = text.split('/')
    this.#host = host
    this.bits = Number(bits)
    this.is = is
  }

  get first(): Buffer {
    this.#first ??= ipToBytes(this.#host)!
    return this.#first
  }
}

/** If several contain an address, the first one counts. */
const NETWORKS: readonly Network[] = [
  new Network('169.254.169.254/32', 'the address of the metadata service of clouds'),
  new Network('168.63.129.16/32', 'the address of the host services of Azure'),
  new Network('255.255.255.255/32', 'the broadcast address'),
  new Network('0.0.0.0/8', 'an address of this host (RFC 1122)'),
  new Network('10.0.0.0/8', 'a private address (RFC 1918)'),
  new Network('100.64.0.0/10', 'a shared address of carriers (RFC 6598)'),
  new Network('127.0.0.0/8', 'a loopback address'),
  new Network('169.254.0.0/16', 'a link-local address (RFC 3927)'),
  new Network('172.16.0.0/12', 'a private address (RFC 1918)'),
  new Network('192.0.0.0/24', 'an address for protocols (RFC 6890)'),
  new Network('192.0.2.0/24', 'an address for documentation (RFC 5737)'),
  new Network('192.88.99.0/24', 'a 6to4 relay (RFC 7526)'),
  new Network('192.168.0.0/16', 'a private address (RFC 1918)'),
  new Network('198.18.0.0/15', 'an address for benchmarks (RFC 2544)'),
  new Network('198.51.100.0/24', 'an address for documentation (RFC 5737)'),
  new Network('203.0.113.0/24', 'an address for documentation (RFC 5737)'),
  new Network('224.0.0.0/4', 'a multicast address'),
  new Network('240.0.0.0/4', 'a reserved address'),
  new Network('::/128', 'the unspecified address'),
  new Network('::1/128', 'a loopback address'),
  new Network('64:ff9b:1::/48', 'an address for local translation (RFC 8215)'),
  new Network('fc00::/7', 'a private address (RFC 4193)'),
  new Network('fe80::/10', 'a link-local address (RFC 4291)'),
  new Network('fec0::/10', 'a site-local address (RFC 3879)'),
  new Network('ff00::/8', 'a multicast address'),
  new Network('2001:2::/48', 'an address for benchmarks (RFC 5180)'),
  new Network('2001:db8::/32', 'an address for documentation (RFC 3849)'),
  new Network('3fff::/20', 'an address for documentation (RFC 9637)'),
]

/** Other networks of RFC 2928, but for Teredo. Nobody serves clients there. */
const FOR_PROTOCOLS = new Network('2001::/23', 'an address for protocols (RFC 2928)')
const GLOBAL_UNICAST = new Network('2000::/3', 'a public address')
const NAT64 = new Network('64:ff9b::/96', 'an IPv4 address for translation (RFC 6052)')
const SIX_TO_FOUR = new Network('2002::/16', 'an IPv4 address with 6to4 (RFC 3056)')
const TEREDO = new Network('2001::/32', 'an IPv4 address with Teredo (RFC 4380)')

/** What a special address is for, with its article. Undefined: it is public. It looks at no embedded address. */
export function specialUse(bytes: Buffer): string | undefined {
  const special = NETWORKS.find((each) => isWithin(bytes, each))
  if (special !== undefined) return special.is
  if (bytes.length === 4 || isWithin(bytes, NAT64) || isWithin(bytes, TEREDO)) return undefined
  if (isWithin(bytes, FOR_PROTOCOLS)) return FOR_PROTOCOLS.is
  return isWithin(bytes, GLOBAL_UNICAST) ? undefined : 'no global unicast address'
}

/** The IPv4 addresses inside an IPv6 address to which packets may go in the end. */
export function embeddedIn(bytes: Buffer): readonly Buffer[] {
  if (bytes.length === 4) return []
  if (isWithin(bytes, NAT64)) return [bytes.subarray(12)]
  if (isWithin(bytes, SIX_TO_FOUR)) return [bytes.subarray(2, 6)]
  // Teredo hides the address of its client from NATs: all its bits are inverted.
  if (isWithin(bytes, TEREDO))
    return [bytes.subarray(4, 8), Buffer.from(bytes.subarray(12).map((byte) => byte ^ 0xff))]
  return []
}

/** It runs some thirty times for each address, so it makes no copies. */
function isWithin(bytes: Buffer, { first, bits }: Network): boolean {
  if (bytes.length !== first.length) return false
  const whole = bits >> 3
  for (let at = 0; at < whole; at++) if (bytes[at] !== first[at]) return false
  const rest = bits & 7
  return rest === 0 || (bytes[whole]! ^ first[whole]!) >> (8 - rest) === 0
}
