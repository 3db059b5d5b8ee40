/** Who a client is for a queue that is fair between sources. Pure. */
import type { Address } from '../../address.js'
import { bytesToIp, ipToBytes } from '../../ip.js'

/** A customer usually has a whole network of this size, RFC 6177. */
const IPV6_BYTES = 8

/** An IPv4 address, or the /64 network of an IPv6 address. All clients without an address are one source. */
export function sourceOf(client: Address | undefined): string {
  if (client === undefined || client.kind === 'unix') return 'unix'
  const bytes = ipToBytes(client.host)
  if (bytes === undefined) return client.host
  return bytes.length > IPV6_BYTES ? bytes.toString('hex', 0, IPV6_BYTES) : bytesToIp(bytes)
}
