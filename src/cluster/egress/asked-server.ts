/**
 * The server that a client asks for: host and port. Pure. Names that a resolver would read as a number are refused, because
 * `0x7f.1` is 127.0.0.1 to it.
 */
import { isIP } from 'node:net'
import { bytesToIp, ipToBytes } from '../../ip.js'
import { endsInNumber, normalizeName } from '../../names.js'
import type { DialPolicy } from './policy.js'

/** What is known of the client. */
export interface AskingClient {
  readonly serverName: string | undefined
  /** Host, and the port if one was named. An IPv6 address is in brackets. */
  readonly authority?: string | undefined
  /** The target of the request, as it came. */
  readonly target?: string | undefined
}

export interface AskedServer {
  /** A host name in lower case, without a trailing dot, or an IP address in its one spelling. */
  readonly host: string
  readonly isAddress: boolean
  readonly port: number
}

const HTTPS = /^https:/i
const AUTHORITY = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(\d{1,5}))?$/

/** The server, or a few words that say why there is none. */
export function askedServer(
  { serverName, authority, target }: AskingClient,
  policy: DialPolicy,
): AskedServer | string {
  if (policy.server === 'sni') return ofHello(serverName, policy)
  // The client trusts that nobody on the way reads its request.
  const isInTheClear = !policy.hasTls && target !== undefined && HTTPS.test(target)
  return isInTheClear
    ? 'the client asks for https, and the cluster has no "tls"'
    : ofRequest(authority, policy)
}

function ofHello(serverName: string | undefined, { defaultPort }: DialPolicy): AskedServer | string {
  if (serverName === undefined) return 'the client names no server in a ClientHello'
  const host = nameOf(serverName)
  return host === undefined
    ? 'the server name is no host name'
    : { host, isAddress: false, port: defaultPort }
}

function ofRequest(authority: string | undefined, { defaultPort }: DialPolicy): AskedServer | string {
  if (authority === undefined || authority === '') return 'the client names no host in a request'
  const match = AUTHORITY.exec(authority)
  const [, ipv6, plain = '', digits] = match ?? []
  const port = digits === undefined ? defaultPort : Number(digits)
  const host = ipv6 !== undefined && isIP(ipv6) === 0 ? undefined : readHost(ipv6 ?? plain)
  return host === undefined ? 'the host of the request is no host name' : { ...host, port }
}

/** An IPv6 address has no brackets here. Undefined: the text is neither a host name nor an IP address. */
export function readHost(text: string): Omit<AskedServer, 'port'> | undefined {
  const bytes = isIP(text) !== 0 && !text.includes('%') ? ipToBytes(text) : undefined
  if (bytes !== undefined) return { host: bytesToIp(bytes), isAddress: true }
  const host = nameOf(text)
  return host === undefined ? undefined : { host, isAddress: false }
}

function nameOf(text: string): string | undefined {
  const name = normalizeName(text)
  return name === undefined || endsInNumber(name) ? undefined : name
}
