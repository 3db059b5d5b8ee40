/** PROXY headers as bytes, written by hand from the specification and not by the encoder under test. */
import type { ProxyHeader, Tlv } from '../../src/proxy-protocol/header.js'

export const SIGNATURE = '0d0a0d0a000d0a515549540a'
/** 192.0.2.1:56324 to 198.51.100.7:443. */
export const INET = 'c0000201c6336407dc0401bb'
/** [2001:db8::1]:65535 to [2001:db8:0:1::]:0. */
export const INET6 = `20010db8${'00'.repeat(11)}0120010db800000001${'00'.repeat(8)}ffff0000`

export interface Vector {
  readonly name: string
  readonly bytes: Buffer
  readonly header: ProxyHeader
}

export const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')

/** A header of version 2 with the right length. `start` is the version, command, family and transport. */
export function v2(start: string, ...rest: string[]): Buffer {
  const body = hex(rest.join(''))
  const length = Buffer.from([body.length >> 8, body.length & 255])
  return Buffer.concat([hex(SIGNATURE + start), length, body])
}

/** A TLV with the right length. */
export function tlv(type: number, value: Buffer | string): string {
  const bytes = Buffer.from(value)
  return Buffer.concat([Buffer.from([type, bytes.length >> 8, bytes.length & 255]), bytes]).toString('hex')
}

/** A unix path, filled up with NULs to 108 bytes. */
export const unixName = (path: string): string => Buffer.from(path).toString('hex').padEnd(216, '0')

const proxied = { version: 2, command: 'proxy', tlvs: [] as readonly Tlv[] } as const
const tcp = (host: string, port: number) => ({ kind: 'tcp', host, port }) as const
const inet = { source: tcp('192.0.2.1', 56324), destination: tcp('198.51.100.7', 443) }
const inet6 = { source: tcp('2001:db8::1', 65535), destination: tcp('2001:db8:0:1::', 0) }
const unix = (path: string) => ({ kind: 'unix', path }) as const
const raw = (type: number, value: Buffer | string): Tlv => ({ type, value: Buffer.from(value) })

const NESTED: readonly [number, string][] = [
  [0x21, 'TLSv1.3'],
  [0x22, 'Zoë'],
  [0x23, 'TLS_AES_256_GCM_SHA384'],
  [0x24, 'SHA256'],
  [0x25, 'RSA2048'],
]
const SSL = hex(`0700000000${NESTED.map(([type, text]) => tlv(type, text)).join('')}`)
const SSL_FACTS = {
  isTls: true,
  hasCertificate: true,
  hasSessionCertificate: true,
  isVerified: true,
  version: 'TLSv1.3',
  commonName: 'Zoë',
  cipher: 'TLS_AES_256_GCM_SHA384',
  signatureAlgorithm: 'SHA256',
  keyAlgorithm: 'RSA2048',
}
const WITHOUT_TLS = { isTls: false, hasCertificate: false, hasSessionCertificate: false, isVerified: false }

function v1Vector(name: string, line: string, addresses: Partial<ProxyHeader> = {}): Vector {
  const bytes = Buffer.from(`${line}\r\n`, 'latin1')
  return { name: `v1: ${name}`, bytes, header: { version: 1, command: 'proxy', tlvs: [], ...addresses } }
}

function v2Vector(name: string, bytes: Buffer, header: Partial<ProxyHeader>): Vector {
  return { name: `v2: ${name}`, bytes, header: { ...proxied, ...header } }
}

const LONG_IPV6 = 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'

const v1Vectors: Vector[] = [
  v1Vector('the example of the specification', 'PROXY TCP4 192.168.0.1 192.168.0.11 56324 443', {
    source: tcp('192.168.0.1', 56324),
    destination: tcp('192.168.0.11', 443),
  }),
  v1Vector('the longest TCP4', 'PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535', {
    source: tcp('255.255.255.255', 65535),
    destination: tcp('255.255.255.255', 65535),
  }),
  v1Vector('the shortest TCP4', 'PROXY TCP4 0.0.0.0 1.2.3.4 0 0', {
    source: tcp('0.0.0.0', 0),
    destination: tcp('1.2.3.4', 0),
  }),
  v1Vector('the longest TCP6', `PROXY TCP6 ${LONG_IPV6} ${LONG_IPV6} 65535 65535`, {
    source: tcp(LONG_IPV6, 65535),
    destination: tcp(LONG_IPV6, 65535),
  }),
  v1Vector('TCP6 in capitals and not shortened', 'PROXY TCP6 2001:DB8:0:0:0:0:0:1 :: 1 2', {
    source: tcp('2001:db8::1', 1),
    destination: tcp('::', 2),
  }),
  v1Vector('TCP6 of mapped IPv4', 'PROXY TCP6 ::ffff:192.0.2.1 ::ffff:c633:6407 1 2', {
    source: tcp('192.0.2.1', 1),
    destination: tcp('198.51.100.7', 2),
  }),
  v1Vector('the short UNKNOWN', 'PROXY UNKNOWN'),
  v1Vector('the longest UNKNOWN', `PROXY UNKNOWN ${LONG_IPV6} ${LONG_IPV6} 65535 65535`),
  v1Vector('UNKNOWN with any text', 'PROXY UNKNOWN  \0\xff 999.1.1.1 PROXY'),
]

const v2Vectors: Vector[] = [
  v2Vector('TCP over IPv4', v2('2111', INET), inet),
  v2Vector('UDP over IPv4', v2('2112', INET), inet),
  v2Vector('IPv4 of an unspecified transport', v2('2110', INET), {}),
  v2Vector('TCP over IPv6', v2('2121', INET6), inet6),
  v2Vector('UDP over IPv6', v2('2122', INET6), inet6),
  v2Vector('mapped IPv4', v2('2121', `${'00'.repeat(10)}ffffc0000201`, `${'00'.repeat(15)}01`, '00010002'), {
    source: tcp('192.0.2.1', 1),
    destination: tcp('::1', 2),
  }),
  v2Vector('unix stream', v2('2131', unixName('/run/a'), unixName('/run/b')), {
    source: unix('/run/a'),
    destination: unix('/run/b'),
  }),
  v2Vector('unix datagram, a client without a name', v2('2132', unixName(''), unixName('/run/b')), {
    source: unix(''),
    destination: unix('/run/b'),
  }),
  v2Vector('abstract unix names', v2('2131', unixName('\0a\0b'), unixName(`\0${'x'.repeat(107)}`)), {
    source: unix('\0a\0b'),
    destination: unix(`\0${'x'.repeat(107)}`),
  }),
  v2Vector('the longest path', v2('2131', unixName('a'.repeat(107)), unixName('b')), {
    source: unix('a'.repeat(107)),
    destination: unix('b'),
  }),
  v2Vector('a path with more bytes behind its NUL', v2('2131', unixName('a\0b'), unixName('b')), {
    source: unix('a'),
    destination: unix('b'),
  }),
  v2Vector('UNSPEC', v2('2100'), {}),
  v2Vector('UNSPEC as a stream, with a TLV', v2('2101', tlv(2, 'a')), {
    authority: 'a',
    tlvs: [raw(2, 'a')],
  }),
  v2Vector('LOCAL', v2('2000'), { command: 'local' }),
  v2Vector('LOCAL with addresses', v2('2011', INET), { command: 'local' }),
  v2Vector('LOCAL of an unknown family, with bytes of no meaning', v2('20ff', '02ffff00'), {
    command: 'local',
  }),
  v2Vector(
    'ALPN, authority, unique id, namespace',
    v2('2111', INET, tlv(1, 'h2'), tlv(2, 'é.example'), tlv(5, Buffer.from([0, 255])), tlv(0x30, 'blue')),
    {
      ...inet,
      alpn: 'h2',
      authority: 'é.example',
      uniqueId: Buffer.from([0, 255]),
      netns: 'blue',
      tlvs: [raw(1, 'h2'), raw(2, 'é.example'), raw(5, Buffer.from([0, 255])), raw(0x30, 'blue')],
    },
  ),
  v2Vector('an ALPN that is not text', v2('2111', INET, tlv(1, Buffer.from([0x1a, 0xff]))), {
    ...inet,
    tlvs: [raw(1, Buffer.from([0x1a, 0xff]))],
  }),
  v2Vector('SSL with everything', v2('2111', INET, tlv(0x20, SSL)), {
    ...inet,
    ssl: SSL_FACTS,
    tlvs: [raw(0x20, SSL)],
  }),
  v2Vector('SSL of a client without TLS', v2('2111', INET, tlv(0x20, hex('0000000000'))), {
    ...inet,
    ssl: WITHOUT_TLS,
    tlvs: [raw(0x20, hex('0000000000'))],
  }),
  v2Vector('padding in two places', v2('2111', INET, tlv(4, ''), tlv(2, 'a'), tlv(4, 'padding')), {
    ...inet,
    authority: 'a',
    tlvs: [raw(2, 'a')],
  }),
  v2Vector(
    'TLVs of the range for users, one of them twice',
    v2('2111', INET, tlv(0xe0, 'x'), tlv(0xe0, ''), tlv(0xff, 'y')),
    {
      ...inet,
      tlvs: [raw(0xe0, 'x'), raw(0xe0, ''), raw(0xff, 'y')],
    },
  ),
  v2Vector('the longest unique id', v2('2111', INET, tlv(5, 'u'.repeat(128))), {
    ...inet,
    uniqueId: Buffer.from('u'.repeat(128)),
    tlvs: [raw(5, 'u'.repeat(128))],
  }),
  // Another program computed this checksum bit by bit, over the 35 bytes with zeros in its place.
  v2Vector('a checksum', v2('2111', INET, tlv(3, hex('d45a11b9'))), {
    ...inet,
    tlvs: [raw(3, hex('d45a11b9'))],
  }),
  v2Vector('the longest header', v2('2111', INET, tlv(0xe0, 'x'.repeat(4096 - 15))), {
    ...inet,
    tlvs: [raw(0xe0, 'x'.repeat(4096 - 15))],
  }),
]

export const vectors: readonly Vector[] = [...v1Vectors, ...v2Vectors]
