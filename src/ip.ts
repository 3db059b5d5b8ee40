/**
 * IP addresses between text and bytes. An IPv4 address that is mapped into IPv6 is read as IPv4. It becomes
 * IPv6 only if a header must tell it beside a real IPv6 address. Pure. Host names do not belong here.
 */
import { isIP } from 'node:net'

const MAPPED_PREFIX = Buffer.from('00000000000000000000ffff', 'hex')
/** 64:ff9b::/96, the prefix of NAT64 (RFC 6052 section 2.1). An IPv4 address comes after it. */
const NAT64_PREFIX = Buffer.from('0064ff9b0000000000000000', 'hex')
const IPV6_BYTES = 16
const IPV6_GROUPS = 8
const COLON = 58

/**
 * Returns 4 or 16 bytes, 4 for a mapped address. Undefined if `host` is no IP address. A zone is left out,
 * because it means something on one machine only.
 */
export function ipToBytes(host: string): Buffer | undefined {
  const zoneAt = host.indexOf('%')
  const text = zoneAt === -1 ? host : host.slice(0, zoneAt)
  const family = isIP(text)
  if (family === 4) return ipv4ToBytes(text)
  return family === 6 ? unmapBytes(ipv6ToBytes(text)) : undefined
}

/** The text of 4 or 16 bytes. IPv6 is written as RFC 5952 wants it. */
export function bytesToIp(bytes: Buffer): string {
  if (bytes.length !== IPV6_BYTES) return bytes.join('.')
  const ipv4 = unmapBytes(bytes)
  if (ipv4 !== bytes) return `::ffff:${ipv4.join('.')}`
  const groups = Array.from({ length: IPV6_GROUPS }, (_, i) => bytes.readUInt16BE(2 * i).toString(16))
  return shorten(groups.join(':'))
}

/** The 4 bytes of an IPv4 address mapped into IPv6 (RFC 4291 section 2.5.5.2). Other addresses stay. */
export function unmapBytes(bytes: Buffer): Buffer {
  return isBehind(MAPPED_PREFIX, bytes) ? bytes.subarray(MAPPED_PREFIX.length) : bytes
}

/** The 4 bytes of an IPv4 address behind the prefix of NAT64. Other addresses stay. */
export function unwrapNat64(bytes: Buffer): Buffer {
  return isBehind(NAT64_PREFIX, bytes) ? bytes.subarray(NAT64_PREFIX.length) : bytes
}

/** Whether it is an IPv6 address with this prefix. Most addresses differ in their first bytes. */
function isBehind(prefix: Buffer, bytes: Buffer): boolean {
  if (bytes.length !== IPV6_BYTES) return false
  for (let i = 0; i < prefix.length; i++) if (bytes[i] !== prefix[i]) return false
  return true
}

/** Maps an IPv4 address into IPv6. An IPv6 address stays as it is. */
export function mapToIpv6(bytes: Buffer): Buffer {
  return bytes.length === IPV6_BYTES ? bytes : Buffer.concat([MAPPED_PREFIX, bytes])
}

const ipv4ToBytes = (text: string): Buffer => Buffer.from(text.split('.').map(Number))

/** The text must be an IPv6 address. Without patterns and lists of groups, because each client is looked up in lists. */
function ipv6ToBytes(address: string): Buffer {
  const text = address.includes('.') ? withoutDots(address) : address
  // Every byte is written below.
  const bytes = Buffer.allocUnsafe(IPV6_BYTES)
  let [length, group, digits] = [0, 0, 0]
  /** Where "::" stands. */
  let gap = IPV6_BYTES
  for (let i = 0; i <= text.length; i++) {
    const code = i === text.length ? COLON : text.charCodeAt(i)
    if (code !== COLON) {
      group = group * 16 + hexDigit(code)
      digits++
      continue
    }
    if (digits > 0) {
      bytes[length++] = group >> 8
      bytes[length++] = group & 0xff
    } else if (i < text.length) gap = length
    group = digits = 0
  }
  return widen(bytes, gap, length)
}

/** Moves what stands from `gap` to `length` to the end, and fills the gap with zeros. */
function widen(bytes: Buffer, gap: number, length: number): Buffer {
  const moved = IPV6_BYTES - length
  for (let at = IPV6_BYTES - 1; at >= gap; at--) bytes[at] = at - moved >= gap ? bytes[at - moved]! : 0
  return bytes
}

/** `0` to `9`, then letters, of either case. */
const hexDigit = (code: number): number => (code < COLON ? code - 48 : (code | 32) - 87)

/** The last 32 bits may be written as IPv4. */
function withoutDots(text: string): string {
  return text.replace(/[^:]*\..*$/, (dotted) => {
    const hex = ipv4ToBytes(dotted).toString('hex')
    return `${hex.slice(0, 4)}:${hex.slice(4)}`
  })
}

/** Writes `::` for the first of the longest runs of at least two zero groups. */
function shorten(text: string): string {
  const [run] = [...text.matchAll(/\b0(?::0)+\b/g)].toSorted((a, b) => b[0].length - a[0].length)
  if (run === undefined) return text
  const before = text.slice(0, run.index).replace(/:$/, '')
  const after = text.slice(run.index + run[0].length).replace(/^:/, '')
  return `${before}::${after}`
}
