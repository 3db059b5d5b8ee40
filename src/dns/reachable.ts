/**
 * The order of families, as getaddrinfo(3) has it (RFC 6724 section 6): IPv6 first, but last if this machine has no route
 * there. The order within a family stays.
 */
import { createSocket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import type { AddressRecord } from './answer.js'

/** Any port does. Nothing is sent. */
const PORT = 9

export async function inOrderOfUse(records: readonly AddressRecord[]): Promise<readonly AddressRecord[]> {
  const ipv6 = records.filter(({ ip }) => isIPv6(ip))
  const ipv4 = records.filter(({ ip }) => !isIPv6(ip))
  if (ipv6[0] === undefined || ipv4.length === 0) return records
  return (await hasRouteTo(ipv6[0].ip)) ? [...ipv6, ...ipv4] : [...ipv4, ...ipv6]
}

/** connect(2) of a UDP socket looks for a route and sends nothing. */
function hasRouteTo(ip: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp6').unref()
    const end = (hasRoute: boolean): void => {
      resolve(hasRoute)
      socket.close()
    }
    socket.once('error', () => end(false))
    socket.once('connect', () => end(true))
    socket.connect(PORT, ip)
  })
}
