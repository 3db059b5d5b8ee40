/**
 * Addresses as people write them: `host:port`, `[v6]:port`, `unix:/path`, `unix:@name`. Pure: no socket, no resolver.
 */
import { isIP, isIPv6, SocketAddress } from 'node:net'
import { domainToASCII } from 'node:url'

export interface TcpAddress {
  readonly kind: 'tcp'
  /** An IP address without brackets, or a host name. */
  readonly host: string
  /** 0 to 65535. On a listener, 0 means any free port. */
  readonly port: number
}

export interface UnixAddress {
  readonly kind: 'unix'
  /**
   * Path of the socket file, at most 107 bytes: `sun_path` of unix(7) without its final NUL. An abstract name
   * begins with NUL, has at most 107 bytes after it, and has no file.
   */
  readonly path: string
}

export type Address = TcpAddress | UnixAddress

/** An address whose `host` is an IP address, so that nothing is left to resolve. */
export type ResolvedAddress = Address

/**
 * The peer of an accepted connection. An IPv4 address and port are packed into one number, because every
 * connection keeps its peer's address and most end without anybody asking for it. Undefined: the peer was
 * gone before millrace could ask for its address.
 */
export type PeerAddress = Address | number | undefined

const PORTS = 65536

/** `ipv4` is in host byte order. Any 32-bit integer will do, negative ones included. */
export function packPeer(ipv4: number, port: number): number {
  return (ipv4 >>> 0) * PORTS + port
}

/** In host byte order. */
export const ipv4OfPeer = (peer: number): number => Math.floor(peer / PORTS)

export function unpackPeer(peer: Address | number): Address {
  if (typeof peer !== 'number') return peer
  const ipv4 = ipv4OfPeer(peer)
  const host = `${ipv4 >>> 24}.${(ipv4 >>> 16) & 255}.${(ipv4 >>> 8) & 255}.${ipv4 & 255}`
  return { kind: 'tcp', host, port: peer % PORTS }
}

export function formatPeer(peer: PeerAddress): string {
  return peer === undefined ? 'unknown' : formatAddress(unpackPeer(peer))
}

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i
const UNIX_PATH_MAX_BYTES = 107
/** RFC 1035 section 2.3.4, as text. */
export const HOST_NAME_MAX_CHARS = 253
const LONGEST_TCP_CHARS = HOST_NAME_MAX_CHARS + ':65535'.length
const HOST_NAME = /^(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*\.?$/i

/** Parses an address. Returns the address, or a sentence that says what is wrong with the text. */
export function parseAddress(text: string): Address | string {
  if (text.startsWith('unix:')) return parseUnix(text.slice(5))
  if (text.length > LONGEST_TCP_CHARS) return explain(text)
  const match = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,9})$/.exec(text)
  if (match === null) return explain(text)
  const [, bracketed, plain, digits] = match
  const port = Number(digits)
  if (port > 65535) return `port ${port} is too high: write one from 0 to 65535`
  if (bracketed !== undefined) {
    return isIPv6(bracketed)
      ? { kind: 'tcp', host: unmapIpv4(bracketed), port }
      : `${quote(bracketed)} is not an IPv6 address: write one such as [::1]`
  }
  if (plain === undefined || plain === '') return noHost(text, port)
  if (plain === '*') return 'write 0.0.0.0 or [::] for all addresses, not "*"'
  if (isIP(plain) === 0 && looksNumeric(plain))
    return `${quote(plain)} is not an IPv4 address: write four numbers, such as 192.0.2.1`
  if (isIP(plain) === 0 && !isHostName(plain))
    return `${quote(plain)} is not a host name: write ${asciiHint(plain)}`
  return { kind: 'tcp', host: plain, port }
}

/** Returns the text that `parseAddress` reads back as the same address. */
export function formatAddress(address: Address): string {
  if (address.kind === 'unix') return `unix:${address.path.replace(/^\0/, '@')}`
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`
}

/**
 * An IPv4 address that is mapped into IPv6 (RFC 4291 section 2.5.5.2) becomes IPv4. Any other host stays as
 * it is.
 */
export function unmapIpv4(host: string): string {
  if (!isIPv6(host)) return host
  const address = host.replace(/%.*$/s, '')
  // SocketAddress turns every spelling of an address into the system's one spelling.
  const usual = MAPPED.test(address) ? address : new SocketAddress({ address, family: 'ipv6' }).address
  return MAPPED.exec(usual)?.[1] ?? host
}

/**
 * The host of a socket's address as Node reports it. A client that reached an IPv6 socket by IPv4 becomes
 * IPv4. The zone of a link-local address is removed, because only this machine knows what it means.
 */
export function hostOfSocket(host: string): string {
  return unmapIpv4(host).replace(/%.*$/s, '')
}

function parseUnix(path: string): UnixAddress | string {
  if (path === '') return 'a path is missing after "unix:": write unix:/path'
  if (path === '@') return 'a name is missing after "unix:@": write unix:@name'
  if (path.includes('\0')) return 'a socket path cannot hold a NUL character: remove it'
  const isName = path.startsWith('@')
  const bytes = Buffer.byteLength(isName ? path.slice(1) : path)
  if (bytes > UNIX_PATH_MAX_BYTES)
    return `the socket ${isName ? 'name' : 'path'} has ${bytes} bytes: write one of at most ${UNIX_PATH_MAX_BYTES}`
  return { kind: 'unix', path: isName ? `\0${path.slice(1)}` : path }
}

/** Whether the address is an abstract name. It has no file, so no file permission limits who connects. */
export function isAbstract({ path }: UnixAddress): boolean {
  return path.startsWith('\0')
}

/** Resolvers read `0x7f.1` and `127.1` as 127.0.0.1. */
const looksNumeric = (host: string): boolean =>
  host.split('.').every((label) => /^(?:0x[\da-f]*|\d*)$/i.test(label))

/** Whether DNS can have such a name. */
export const isHostName = (host: string): boolean =>
  host.length <= HOST_NAME_MAX_CHARS && HOST_NAME.test(host)

/** DNS has names of other scripts in ASCII (RFC 5891): the hint is that spelling. */
function asciiHint(host: string): string {
  const ascii = /[^\0-\x7f]/.test(host) ? domainToASCII(host) : ''
  return isHostName(ascii) ? ascii : 'a name such as db.example.com'
}

const noHost = (text: string, port: number): string =>
  `a host is missing in ${quote(text)}: write 127.0.0.1:${port} for this machine alone, or 0.0.0.0:${port} to listen on all IPv4 addresses`

function explain(text: string): string {
  if (/^\d{1,5}$/.test(text) && Number(text) < PORTS) return noHost(text, Number(text))
  if (isIPv6(text)) return `an IPv6 address needs brackets and a port: write [${text}]:PORT`
  if (isHostName(text)) return `a port is missing: write ${text}:PORT`
  return `${quote(text)} is not an address: write HOST:PORT, [IPv6]:PORT or unix:/path`
}

/** Makes a text safe to print: escapes it, and cuts it after 60 characters. */
function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)
}
