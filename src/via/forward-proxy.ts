/**
 * The forward proxy of a cluster, as its config gives it, and its name for people. The name never has the credentials.
 * Pure.
 */
import { type Address, formatAddress } from '../address.js'

export type ForwardProxyProtocol = 'socks5' | 'http'

export interface ForwardProxyOptions {
  readonly protocol: ForwardProxyProtocol
  readonly address: Address
  /** Undefined: the forward proxy asks for none. */
  readonly credentials: Credentials | undefined
}

/** Each of them has 1 to 255 bytes of UTF-8 (RFC 1929 section 2). */
export interface Credentials {
  readonly user: string
  readonly password: string
}

/** `socks5://proxy.example.com:1080` */
export function nameOfForwardProxy({ protocol, address }: ForwardProxyOptions): string {
  return `${protocol}://${formatAddress(address)}`
}
