/**
 * The authority of a request: the host, and perhaps the port, that it is meant for. Pure. Authorities that
 * mean the same get one spelling, so that no other spelling gets past a route. What is forwarded stays as it
 * was sent.
 */
import { isIPv4, isIPv6 } from 'node:net'

export interface Authority {
  /** In lower case, without a trailing dot. An IPv6 address has no brackets. */
  readonly host: string
  /** The host, and the port if one was named. An IPv6 address is in brackets. */
  readonly text: string
}

const AUTHORITY = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+?)\.?)(?::(0|[1-9]\d{0,4}))?$/
const HOST_NAME = /^(?!-)[a-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9_-]{1,63}(?<!-))*$/
/** The longest host name, as text (RFC 1035 section 2.3.4). */
const HOST_NAME_MAX_CHARS = 253
const PORT_MAX = 65_535

/**
 * Undefined if `text` is no authority: no host, a user, a name that cannot be in DNS, a number that is no
 * IPv4 address, a zone, or a port that is empty, padded or out of range.
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
