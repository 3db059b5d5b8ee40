/**
 * The authority of a request: which host, and perhaps which port, it is meant for. Pure. One spelling for what means
 * the same, so that no other spelling slips past a route; what is forwarded stays as it was sent.
 */
import { isIPv4, isIPv6 } from 'node:net'

export interface Authority {
  /** In small letters, without a trailing dot; an IPv6 address without brackets. */
  readonly host: string
  /** The host, an IPv6 address in brackets, and the port where one was named. */
  readonly text: string
}

const AUTHORITY = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+?)\.?)(?::(0|[1-9]\d{0,4}))?$/
const HOST_NAME = /^(?!-)[a-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9_-]{1,63}(?<!-))*$/
/** RFC 1035 section 2.3.4, as text. */
const HOST_NAME_MAX_CHARS = 253
const PORT_MAX = 65_535

/**
 * Undefined for what is none: no host, a user, a name that cannot be in DNS, a number that is no IPv4 address, a
 * zone, a port that is empty, padded or out of range.
 */
export function readAuthority(text: string): Authority | undefined {
  const match = AUTHORITY.exec(text.toLowerCase())
  if (match === null) return undefined
  const [, ipv6, name = '', port] = match
  if (!(ipv6 === undefined ? isName(name) : isIPv6(ipv6))) return undefined
  if (Number(port ?? 0) > PORT_MAX) return undefined
  const host = ipv6 ?? name
  const shown = ipv6 === undefined ? name : `[${ipv6}]`
  return { host, text: port === undefined ? shown : `${shown}:${port}` }
}

function isName(name: string): boolean {
  if (/^[\d.]+$/.test(name)) return isIPv4(name)
  return name.length <= HOST_NAME_MAX_CHARS && HOST_NAME.test(name)
}
