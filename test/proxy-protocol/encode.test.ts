import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Address } from '../../src/address.js'
import { bytesToIp } from '../../src/ip.js'
import { decodeProxyHeader } from '../../src/proxy-protocol/decode.js'
import { encodeLocalHeader, encodeProxyHeader } from '../../src/proxy-protocol/encode.js'
import type { ProxyFacts, ProxyHeader, ProxySsl } from '../../src/proxy-protocol/header.js'
import { INET, INET6, tlv, v2, vectors } from './headers.js'

const seed = Number(process.env.MILLRACE_SEED ?? 1)
const tcp = (host: string, port: number): Address => ({ kind: 'tcp', host, port })
const unix = (path: string): Address => ({ kind: 'unix', path })

const v4 = { source: tcp('192.0.2.1', 56324), destination: tcp('198.51.100.7', 443) }
const v6 = { source: tcp('2001:db8::1', 65535), destination: tcp('2001:db8:0:1::', 0) }
const none = { kind: 'match', value: { version: 2, command: 'proxy', tlvs: [] }, bytes: 16 }

function decoded(bytes: Buffer): ProxyHeader {
  const answer = decodeProxyHeader(bytes)
  expect(answer).toMatchObject({ kind: 'match', bytes: bytes.length })
  return (answer as { value: ProxyHeader }).value
}

/** The facts in a header, without version, command and raw TLVs. */
function facts(bytes: Buffer): ProxyFacts {
  const { version: _, command: _command, tlvs: _tlvs, ...rest } = decoded(bytes)
  return rest
}

describe('encodeProxyHeader, version 1', () => {
  it.each([
    ['IPv4', v4, 'PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n'],
    ['IPv6', v6, 'PROXY TCP6 2001:db8::1 2001:db8:0:1:: 65535 0\r\n'],
    ['IPv4 to IPv6', { ...v6, source: v4.source }, 'PROXY TCP6 ::ffff:192.0.2.1 2001:db8:0:1:: 56324 0\r\n'],
    [
      'IPv6 to IPv4',
      { ...v4, source: v6.source },
      'PROXY TCP6 2001:db8::1 ::ffff:198.51.100.7 65535 443\r\n',
    ],
    [
      'mapped IPv4',
      { source: tcp('::ffff:192.0.2.1', 56324), destination: tcp('::FFFF:c633:6407', 443) },
      'PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n',
    ],
    [
      'mapped IPv4 to IPv6',
      { ...v6, source: tcp('::ffff:192.0.2.1', 56324) },
      'PROXY TCP6 ::ffff:192.0.2.1 2001:db8:0:1:: 56324 0\r\n',
    ],
    ['a zone', { ...v6, source: tcp('FE80::1%eth0', 1) }, 'PROXY TCP6 fe80::1 2001:db8:0:1:: 1 0\r\n'],
    ['unix', { source: unix(''), destination: unix('/run/a') }, 'PROXY UNKNOWN\r\n'],
    ['a host name', { ...v4, source: tcp('localhost', 1) }, 'PROXY UNKNOWN\r\n'],
    ['one address', { source: v4.source }, 'PROXY UNKNOWN\r\n'],
    ['nothing', {}, 'PROXY UNKNOWN\r\n'],
    [
      'facts that version 1 cannot hold',
      { ...v4, alpn: 'h2' },
      'PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n',
    ],
  ])('encodeProxyHeader writes in version 1 the line of %s', (_, header, line) => {
    expect(encodeProxyHeader(1, header).toString()).toBe(line)
  })
})

describe('encodeProxyHeader, version 2', () => {
  it.each([
    ['IPv4', v4, v2('2111', INET)],
    ['IPv6', v6, v2('2121', INET6)],
    [
      'mapped IPv4',
      { source: tcp('::ffff:192.0.2.1', 56324), destination: tcp('::ffff:198.51.100.7', 443) },
      v2('2111', INET),
    ],
    ['unix, which HAProxy refuses', { source: unix(''), destination: unix('/run/a') }, v2('2100')],
    ['nothing', {}, v2('2100')],
    [
      'an authority and an ALPN',
      { ...v4, alpn: 'h2', authority: 'a.b' },
      v2('2111', INET, tlv(2, 'a.b'), tlv(1, 'h2')),
    ],
  ])('encodeProxyHeader writes in version 2 the bytes of %s', (_, header, bytes) => {
    expect(encodeProxyHeader(2, { ...header, crc32c: false })).toEqual(bytes)
  })

  it('encodeProxyHeader writes a checksum in version 2 by default', () => {
    const { bytes } = vectors.find(({ name }) => name === 'v2: a checksum')!
    expect(encodeProxyHeader(2, v4)).toEqual(bytes)
  })

  it.each([
    ['one address', { source: v4.source }],
    ['TCP and unix', { source: v4.source, destination: unix('/a') }],
    ['a host name', { ...v4, destination: tcp('example.org', 1) }],
  ])('encodeProxyHeader writes no addresses in version 2 for %s', (_, header) => {
    expect(decodeProxyHeader(encodeProxyHeader(2, { ...header, crc32c: false }))).toEqual(none)
  })

  it.each<[string, ProxyFacts]>([
    ['an authority of 256 bytes', { authority: 'é'.repeat(128) }],
    ['an ALPN of 256 bytes', { alpn: 'a'.repeat(256) }],
    ['an ALPN that cannot be printed', { alpn: 'h2\0' }],
    ['an empty ALPN', { alpn: '' }],
    ['a unique id of 129 bytes', { uniqueId: Buffer.alloc(129) }],
    ['a namespace that is not ASCII', { netns: 'blå' }],
  ])('encodeProxyHeader leaves out %s in version 2', (_, header) => {
    expect(decodeProxyHeader(encodeProxyHeader(2, { ...header, crc32c: false }))).toEqual(none)
  })

  it('encodeProxyHeader writes other TLVs in order, up to the length that millrace reads', () => {
    const other = (type: number, bytes: number) => ({ type, value: Buffer.alloc(bytes, type) })
    const others = [other(0xe0, 3000), other(0xe1, 2000), other(0xe2, 0), other(0xe2, 1)]
    const header = decoded(encodeProxyHeader(2, { ...v4, authority: 'a.b', others }))
    expect(header.tlvs.map(({ type }) => type)).toEqual([2, 0xe0, 0xe2, 0xe2, 3])
    expect(header.tlvs.slice(1, 4)).toEqual([others[0], others[2], others[3]])
    const most = other(0xea, 4096 - INET.length / 2 - 3)
    const longest = encodeProxyHeader(2, { ...v4, crc32c: false, others: [most] })
    expect(longest).toHaveLength(16 + 4096)
    expect(decoded(longest).tlvs).toEqual([most])
  })

  it('encodeProxyHeader leaves out a name that is too long, and keeps the other facts of TLS', () => {
    const known = {
      isTls: true,
      hasCertificate: true,
      hasSessionCertificate: false,
      isVerified: true,
      cipher: 'x',
    }
    const header = encodeProxyHeader(2, { ssl: { ...known, commonName: 'n'.repeat(256) } })
    expect(facts(header)).toEqual({ ssl: known })
  })
})

describe('encoded PROXY headers', () => {
  const port = fc.integer({ min: 0, max: 65_535 })
  const ip = (bytes: number) =>
    fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((array) => bytesToIp(Buffer.from(array)))
  const tcpEnd = (bytes: number) => fc.tuple(ip(bytes), port).map(([host, number]) => tcp(host, number))
  const fits = (maxBytes: number) => (text: string) => Buffer.byteLength(text) <= maxBytes
  const pair = (end: fc.Arbitrary<Address>) => fc.record({ source: end, destination: end })
  const ascii = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 255 })
  const utf8 = fc.string({ unit: 'binary', maxLength: 255 }).filter(fits(255))
  const ssl: fc.Arbitrary<ProxySsl> = fc
    .record(
      {
        isTls: fc.boolean(),
        hasCertificate: fc.boolean(),
        hasSessionCertificate: fc.boolean(),
        isVerified: fc.boolean(),
        version: ascii,
        cipher: ascii,
        commonName: utf8,
        signatureAlgorithm: ascii,
        keyAlgorithm: ascii,
      },
      { requiredKeys: ['isTls', 'hasCertificate', 'hasSessionCertificate', 'isVerified'] },
    )
    .map((said) => ({
      ...said,
      isVerified: said.isVerified && (said.hasCertificate || said.hasSessionCertificate),
    }))
  const addresses = fc.oneof(pair(tcpEnd(4)), pair(tcpEnd(16)), fc.constant({}))
  const uniqueId = fc.uint8Array({ maxLength: 128 }).map((bytes) => Buffer.from(bytes))
  const others = fc.record(
    { alpn: ascii, authority: utf8, uniqueId, ssl, netns: ascii },
    { requiredKeys: [] },
  )

  it('an encoded PROXY header is decoded to the same facts, with a checksum and without', () => {
    fc.assert(
      fc.property(addresses, others, fc.boolean(), (ends, rest, crc32c) => {
        const header = { ...ends, ...rest }
        expect(facts(encodeProxyHeader(2, { ...header, crc32c }))).toEqual(header)
      }),
      { seed, numRuns: 3000 },
    )
  })

  it('an encoded PROXY header of version 1 is decoded to the same addresses', () => {
    fc.assert(
      fc.property(fc.oneof(pair(tcpEnd(4)), pair(tcpEnd(16))), (ends) => {
        expect(facts(encodeProxyHeader(1, ends))).toEqual(ends)
      }),
      { seed, numRuns: 3000 },
    )
  })

  it('an encoded PROXY header can be decoded, whatever the facts are', () => {
    const anyText = fc.string({ unit: 'binary', maxLength: 400 })
    const anyEnd = fc.oneof(
      tcpEnd(4),
      tcpEnd(16),
      anyText.map(unix),
      fc.tuple(anyText, port).map(([a, b]) => tcp(a, b)),
    )
    const anyFacts = fc.record(
      { source: anyEnd, destination: anyEnd, alpn: anyText, authority: anyText, netns: anyText, ssl },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(anyFacts, fc.constantFrom<1 | 2>(1, 2), (header, version) => {
        expect(decoded(encodeProxyHeader(version, header)).version).toBe(version)
      }),
      { seed, numRuns: 3000 },
    )
  })
})

it.each([1, 2] as const)('encodeLocalHeader, version %i, names no addresses', (version) => {
  const command = version === 1 ? 'proxy' : 'local'
  expect(decoded(encodeLocalHeader(version))).toEqual({ version, command, tlvs: [] })
})
