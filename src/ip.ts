/**
 * IP addresses between text and bytes. An IPv4 address that is mapped into IPv6 is read as IPv4. It becomes
 * IPv6 only if a header must tell it beside a real IPv6 address. Pure. Host names do not belong here.
 */
import { isIP } from 'node:net'

const MAPPED_PREFIX = Buffer.from('00000000000000000000ffff', 'hex')
const IPV6_BYTES = 16
const IPV6_GROUPS = 8

/**
 * Returns 4 or 16 bytes, 4 for a mapped address. Undefined if `host` is no IP address. A zone is left out,
 * because it means something on one machine only.
 */
export function ipToBytes(host: string): Buffer | undefined {
  const text = host.replace(/%.*$/s, '')
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
  const isMapped =
    bytes.length === IPV6_BYTES && bytes.subarray(0, MAPPED_PREFIX.length).equals(MAPPED_PREFIX)
  return isMapped ? bytes.subarray(MAPPED_PREFIX.length) : bytes
}

/** Maps an IPv4 address into IPv6. An IPv6 address stays as it is. */
export function mapToIpv6(bytes: Buffer): Buffer {
  return bytes.length === IPV6_BYTES ? bytes : Buffer.concat([MAPPED_PREFIX, bytes])
}

const ipv4ToBytes = (text: string): Buffer => Buffer.from(text.split('.').map(Number))

function ipv6ToBytes(text: string): Buffer {
  const [before = '', after = ''] = withoutDots(text).split('::')
  const left = groupsOf(before)
  const right = groupsOf(after)
  const bytes = Buffer.alloc(IPV6_BYTES)
  left.forEach((group, i) => {
    bytes.writeUInt16BE(group, 2 * i)
  })
  right.forEach((group, i) => {
    bytes.writeUInt16BE(group, 2 * (IPV6_GROUPS - right.length + i))
  })
  return bytes
}

/** The last 32 bits may be written as IPv4. */
function withoutDots(text: string): string {
  return text.replace(/[^:]*\..*$/, (dotted) => {
    const hex = ipv4ToBytes(dotted).toString('hex')
    return `${hex.slice(0, 4)}:${hex.slice(4)}`
  })
}

const groupsOf = (text: string): number[] =>
  text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))

/** Writes `::` for the first of the longest runs of at least two zero groups. */
function shorten(text: string): string {
  const [run] = [...text.matchAll(/\b0(?::0)+\b/g)].toSorted((a, b) => b[0].length - a[0].length)
  if (run === undefined) return text
  const before = text.slice(0, run.index).replace(/:$/, '')
  const after = text.slice(run.index + run[0].length).replace(/^:/, '')
  return `${before}::${after}`
}
