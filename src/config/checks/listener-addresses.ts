/**
 * How the addresses of listeners depend on each other: `[::]` also takes IPv4 clients, unless another
 * listener has 0.0.0.0 and the same port. Pure.
 */
import { isIPv4, isIPv6, SocketAddress } from 'node:net'
import { type Address, formatAddress } from '../../address.js'

/** Where a listener listens, and for which clients. */
export interface ListenPlace {
  readonly address: Address
  /** For `[::]`: the listener takes no IPv4 clients. */
  readonly ipv6Only: boolean
}

/** Adds to each listener whether it leaves IPv4 clients to a listener of 0.0.0.0 and the same port. With port 0 each has its own. */
export function withIpv6Only<Listener extends { readonly address: Address }>(
  listeners: readonly Listener[],
): (Listener & ListenPlace)[] {
  const ipv4Ports = new Set(
    listeners.flatMap(({ address }) => (isAny(address, '0.0.0.0') ? portOf(address) : [])),
  )
  return listeners.map((listener) => {
    const { address } = listener
    const ipv6Only = !isAnyPort(address) && isAny(address, '::') && ipv4Ports.has(portOf(address))
    return { ...listener, ipv6Only }
  })
}

/** A port, or the path of a unix socket: what two addresses have in common that stand in each other's way. */
export const portOf = (address: Address): number | string =>
  address.kind === 'tcp' ? address.port : address.path

/** Whether the kernel chooses a free port. */
export const isAnyPort = (address: Address): boolean => address.kind === 'tcp' && address.port === 0

/**
 * Whether the kernel gives the port to only one of the two, because the address of one includes the other's.
 */
export function overlap(a: ListenPlace, b: ListenPlace): boolean {
  const [one, other] = [a.address, b.address]
  if (one.kind === 'unix') return other.kind === 'unix' && one.path === other.path
  if (other.kind === 'unix' || one.port !== other.port || one.port === 0) return false
  return includes(a, other.host) || includes(b, one.host)
}

/**
 * The address for people. If the address does not tell which clients the listener takes, the text adds it.
 */
export function formatPlace({ address, ipv6Only }: ListenPlace): string {
  if (!isAny(address, '::')) return formatAddress(address)
  return `${formatAddress(address)} (${ipv6Only ? 'IPv6 only' : 'IPv4 too'})`
}

/** One spelling of each IP address: `[::1]:80` and `[0::1]:80` are the same. */
export function addressKey(address: Address): string {
  if (address.kind === 'unix') return formatAddress(address)
  return formatAddress({ ...address, host: canonicalHost(address.host) })
}

function canonicalHost(host: string): string {
  if (!host.includes(':')) return host.toLowerCase()
  const [plain = '', zone] = host.split('%')
  if (!isIPv6(plain)) return host.toLowerCase()
  const { address } = new SocketAddress({ address: plain, family: 'ipv6' })
  return zone === undefined ? address : `${address}%${zone}`
}

function isAny(address: Address, any: '::' | '0.0.0.0'): boolean {
  return address.kind === 'tcp' && canonicalHost(address.host) === any
}

function includes({ address, ipv6Only }: ListenPlace, host: string): boolean {
  if (isAny(address, '::')) return !(ipv6Only && isIPv4(host))
  if (isAny(address, '0.0.0.0')) return isIPv4(host)
  return address.kind === 'tcp' && canonicalHost(address.host) === canonicalHost(host)
}
