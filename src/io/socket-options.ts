/**
 * Options of TCP sockets that an operator can set: socket(7), ip(7), tcp(7). Plain data. Undefined: as it is. They mean nothing
 * to other sockets.
 */
import type { Address } from '../address.js'

export interface SocketOptions {
  /** The code point in the IP header (RFC 2474), 0 to 63. IP_TOS and IPV6_TCLASS. */
  readonly dscp?: number | undefined
  /** SO_MARK, 1 to 2^32 - 1. */
  readonly mark?: number | undefined
  /** SO_BINDTODEVICE: the socket uses only this network interface. */
  readonly interface?: string | undefined
  /** IP_TRANSPARENT: the socket may have addresses that this machine does not have. */
  readonly isTransparent?: boolean | undefined
  /** TCP_CONGESTION. */
  readonly congestion?: string | undefined
}

/** From where a socket connects. */
export interface SocketSource {
  /** An IP address of the same family as the peer's. */
  readonly host: string
  /** The first and the last port of which the kernel takes one (IP_LOCAL_PORT_RANGE). Undefined: any. */
  readonly ports?: readonly [low: number, high: number] | undefined
}

/** How the socket of a connect is set up. */
export interface DialSetup {
  readonly options: SocketOptions
  readonly source?: SocketSource | undefined
  /** Called with the address from which the socket connects, before `done`, and before this process accepts the connection. */
  readonly began?: ((from: Address) => void) | undefined
}

const LEAVE = -1

/** What the addon takes. It leaves what is undefined as it is: a service manager may have set it. */
export function optionArguments({
  dscp = LEAVE,
  mark = LEAVE,
  isTransparent,
  interface: device,
  congestion = '',
}: SocketOptions): [
  dscp: number,
  mark: number,
  isTransparent: number,
  saysDevice: boolean,
  device: string,
  congestion: string,
] {
  const transparent = isTransparent === undefined ? LEAVE : Number(isTransparent)
  return [dscp, mark, transparent, device !== undefined, device ?? '', congestion]
}
