/** Every way in which a header can be wrong, with its reason, and how early the decoder refuses it. */
import { describe, expect, it } from 'vitest'
import { crc32c } from '../../src/proxy-protocol/crc32c.js'
import { decodeProxyHeader } from '../../src/proxy-protocol/decode.js'
import { hex, INET, INET6, SIGNATURE, tlv, unixName, v2, vectors } from './headers.js'

const text = (line: string): Buffer => Buffer.from(line, 'latin1')
const ssl = (rest: string): Buffer => v2('2111', INET, tlv(0x20, hex(rest)))
const checksum = vectors.find(({ name }) => name === 'v2: a checksum')!.bytes
const changed = (at: number): Buffer => {
  const bytes = Buffer.from(checksum)
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
  return bytes
}

const twoChecksums = (): Buffer => {
  const bytes = v2('2111', INET, tlv(3, '\0\0\0\0'), tlv(3, '\0\0\0\0'))
  bytes.writeUInt32BE(crc32c(bytes), checksum.length - 4)
  return bytes
}

const NEITHER = 'not a PROXY protocol header'
const REFUSED: readonly (readonly [name: string, bytes: Buffer, reason: string])[] = [
  ['HTTP', text('GET / HTTP/1.1\r\n'), NEITHER],
  ['TLS', hex('16030100'), NEITHER],
  ['a byte of zero', hex('00'), NEITHER],
  ['small letters', text('proxy TCP4 1.1.1.1 2.2.2.2 1 2\r\n'), NEITHER],
  ['a space before it', text(' PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r\n'), NEITHER],
  ['another word that begins alike', text('PROXYING\r\n'), NEITHER],
  ['a tab for a space', text('PROXY\tTCP4 1.1.1.1 2.2.2.2 1 2\r\n'), NEITHER],
  ['nothing but the word', text('PROXY\r\n'), NEITHER],
  ['a version 2 signature with one byte changed', hex('0d0a0d0a000d0a515549540b2111'), NEITHER],
  ['a line end only', text('\r\n\r\n\r\n'), NEITHER],

  ['v1 without a protocol', text('PROXY \r\n'), 'v1: unknown protocol'],
  [
    'v1 with two spaces before the protocol',
    text('PROXY  TCP4 1.1.1.1 2.2.2.2 1 2\r\n'),
    'v1: unknown protocol',
  ],
  ['v1 of UDP4', text('PROXY UDP4 1.1.1.1 2.2.2.2 1 2\r\n'), 'v1: unknown protocol'],
  ['v1 of tcp4', text('PROXY tcp4 1.1.1.1 2.2.2.2 1 2\r\n'), 'v1: unknown protocol'],
  ['v1 of TCP', text('PROXY TCP 1.1.1.1 2.2.2.2 1 2\r\n'), 'v1: unknown protocol'],
  ['v1 of TCP44', text('PROXY TCP44 1.1.1.1 2.2.2.2 1 2\r\n'), 'v1: unknown protocol'],
  ['v1 of UNKNOWNS', text('PROXY UNKNOWNS\r\n'), 'v1: unknown protocol'],
  ['v1 of TCP4 and nothing', text('PROXY TCP4\r\n'), 'v1: too few fields'],
  ['v1 without ports', text('PROXY TCP4 1.1.1.1 2.2.2.2\r\n'), 'v1: too few fields'],
  ['v1 with one port', text('PROXY TCP4 1.1.1.1 2.2.2.2 1\r\n'), 'v1: too few fields'],
  ['v1 with three ports', text('PROXY TCP4 1.1.1.1 2.2.2.2 1 2 3\r\n'), 'v1: too many fields'],
  ['v1 with a space at its end', text('PROXY TCP4 1.1.1.1 2.2.2.2 1 2 \r\n'), 'v1: too many fields'],
  [
    'v1 with two spaces between addresses',
    text('PROXY TCP4 1.1.1.1  2.2.2.2 1 2\r\n'),
    'v1: too many fields',
  ],
  ['v1 with an empty last port', text('PROXY TCP4 1.1.1.1 2.2.2.2 1 \r\n'), 'v1: bad destination port'],
  ['v1 of IPv6 in TCP4', text('PROXY TCP4 ::1 ::2 1 2\r\n'), 'v1: bad source address'],
  ['v1 of IPv4 in TCP6', text('PROXY TCP6 1.1.1.1 2.2.2.2 1 2\r\n'), 'v1: bad source address'],
  ['v1 of two families', text('PROXY TCP6 ::1 2.2.2.2 1 2\r\n'), 'v1: bad destination address'],
  ['v1 with a host name', text('PROXY TCP4 localhost 2.2.2.2 1 2\r\n'), 'v1: bad source address'],
  ['v1 with a number above 255', text('PROXY TCP4 1.1.1.256 2.2.2.2 1 2\r\n'), 'v1: bad source address'],
  [
    'v1 with a leading zero in an address',
    text('PROXY TCP4 1.1.1.01 2.2.2.2 1 2\r\n'),
    'v1: bad source address',
  ],
  ['v1 with three numbers', text('PROXY TCP4 1.1.1 2.2.2.2 1 2\r\n'), 'v1: bad source address'],
  ['v1 with five numbers', text('PROXY TCP4 1.1.1.1.1 2.2.2.2 1 2\r\n'), 'v1: bad source address'],
  ['v1 with a hexadecimal number', text('PROXY TCP4 0x1.1.1.1 2.2.2.2 1 2\r\n'), 'v1: bad source address'],
  ['v1 with a NUL in an address', text('PROXY TCP4 1.1.1.1\0 2.2.2.2 1 2\r\n'), 'v1: bad source address'],
  ['v1 with a zone', text('PROXY TCP6 fe80::1%eth0 ::2 1 2\r\n'), 'v1: bad source address'],
  ['v1 with brackets', text('PROXY TCP6 [::1] ::2 1 2\r\n'), 'v1: bad source address'],
  ['v1 with two double colons', text('PROXY TCP6 1::2::3 ::2 1 2\r\n'), 'v1: bad source address'],
  ['v1 with nine groups', text('PROXY TCP6 1:2:3:4:5:6:7:8:9 ::2 1 2\r\n'), 'v1: bad source address'],
  ['v1 with seven groups', text('PROXY TCP6 1:2:3:4:5:6:7 ::2 1 2\r\n'), 'v1: bad source address'],
  ['v1 with a group of five digits', text('PROXY TCP6 ::00001 ::2 1 2\r\n'), 'v1: bad source address'],
  ['v1 with a port out of range', text('PROXY TCP4 1.1.1.1 2.2.2.2 65536 2\r\n'), 'v1: bad source port'],
  [
    'v1 with a port of many digits',
    text('PROXY TCP4 1.1.1.1 2.2.2.2 1 100000\r\n'),
    'v1: bad destination port',
  ],
  ['v1 with a leading zero in a port', text('PROXY TCP4 1.1.1.1 2.2.2.2 01 2\r\n'), 'v1: bad source port'],
  ['v1 with a port of 00', text('PROXY TCP4 1.1.1.1 2.2.2.2 1 00\r\n'), 'v1: bad destination port'],
  ['v1 with a negative port', text('PROXY TCP4 1.1.1.1 2.2.2.2 -1 2\r\n'), 'v1: bad source port'],
  ['v1 with a signed port', text('PROXY TCP4 1.1.1.1 2.2.2.2 +1 2\r\n'), 'v1: bad source port'],
  ['v1 with a port in words', text('PROXY TCP4 1.1.1.1 2.2.2.2 1 http\r\n'), 'v1: bad destination port'],
  ['v1 with a port of 1e3', text('PROXY TCP4 1.1.1.1 2.2.2.2 1e3 2\r\n'), 'v1: bad source port'],
  ['v1 ended by LF alone', text('PROXY TCP4 1.1.1.1 2.2.2.2 1 2\n'), 'v1: CR or LF alone'],
  ['v1 ended by CR alone', text('PROXY TCP4 1.1.1.1 2.2.2.2 1 2\rx'), 'v1: CR or LF alone'],
  ['v1 ended by CR CR LF', text('PROXY TCP4 1.1.1.1 2.2.2.2 1 2\r\r\n'), 'v1: CR or LF alone'],
  ['v1 UNKNOWN ended by LF alone', text('PROXY UNKNOWN\n'), 'v1: CR or LF alone'],
  ['v1 UNKNOWN with a CR inside', text('PROXY UNKNOWN a\rb\r\n'), 'v1: CR or LF alone'],
  ['v1 of 108 bytes', text(`PROXY UNKNOWN ${'f'.repeat(92)}\r\n`), 'v1: line longer than 107 bytes'],
  ['v1 that never ends', text(`PROXY UNKNOWN ${'f'.repeat(5000)}`), 'v1: line longer than 107 bytes'],

  ['v2 of version 1', v2('1111', INET), 'v2: unknown version'],
  ['v2 of version 3', v2('3111', INET), 'v2: unknown version'],
  ['v2 of version 0', v2('0111', INET), 'v2: unknown version'],
  ['v2 of command 2', v2('2211', INET), 'v2: unknown command'],
  ['v2 of command 15', v2('2f11', INET), 'v2: unknown command'],
  ['v2 of family 4', v2('2141', INET), 'v2: unknown address family'],
  ['v2 of family 15', v2('21f0', INET), 'v2: unknown address family'],
  ['v2 of transport 3', v2('2113', INET), 'v2: unknown transport'],
  ['v2 of an unspecified family and transport 15', v2('210f'), 'v2: unknown transport'],
  ['v2 of IPv4 without addresses', v2('2111'), 'v2: too short for its addresses'],
  ['v2 of IPv4 one byte short', v2('2111', INET.slice(2)), 'v2: too short for its addresses'],
  ['v2 of IPv6 with IPv4 addresses', v2('2121', INET), 'v2: too short for its addresses'],
  ['v2 of IPv6 one byte short', v2('2122', INET6.slice(2)), 'v2: too short for its addresses'],
  ['v2 of unix with one name', v2('2131', unixName('/a')), 'v2: too short for its addresses'],
  ['v2 of IPv4, unspecified transport, too short', v2('2110', '00'), 'v2: too short for its addresses'],
  [
    'v2 of a unix path without its NUL',
    v2('2131', unixName('a'.repeat(108)), unixName('/b')),
    'v2: unix path without its NUL',
  ],
  ['v2 longer than is read', hex(`${SIGNATURE}21111001`), 'v2: longer than 4096 bytes'],
  ['v2 of the longest length there is', hex(`${SIGNATURE}2111ffff`), 'v2: longer than 4096 bytes'],
  ['v2 LOCAL longer than is read', hex(`${SIGNATURE}2000ffff`), 'v2: longer than 4096 bytes'],
  ['v2 with one byte of a TLV', v2('2111', INET, '02'), 'v2: TLV cut off'],
  ['v2 with two bytes of a TLV', v2('2111', INET, '0200'), 'v2: TLV cut off'],
  ['v2 with a TLV longer than the header', v2('2111', INET, '02000a3132333435'), 'v2: TLV cut off'],
  [
    'v2 with TLVs that do not end with the header',
    v2('2111', INET, `${tlv(2, '1234')}00`),
    'v2: TLV cut off',
  ],
  ['v2 with padding cut off', v2('2111', INET, '0400ff'), 'v2: TLV cut off'],
  ['v2 with an unknown TLV cut off', v2('2111', INET, 'e0000100e0'), 'v2: TLV cut off'],
  ['v2 UNSPEC with half a TLV', v2('2100', '0200'), 'v2: TLV cut off'],
  ['v2 with two authorities', v2('2111', INET, tlv(2, 'a'), tlv(2, 'a')), 'v2: TLV 0x02 twice'],
  ['v2 with two ALPNs that are no text', v2('2111', INET, tlv(1, '\0'), tlv(1, '\0')), 'v2: TLV 0x01 twice'],
  [
    'v2 with an authority that is not UTF-8',
    v2('2111', INET, tlv(2, hex('61ff'))),
    'v2: authority is not UTF-8',
  ],
  [
    'v2 with a unique id too long',
    v2('2111', INET, tlv(5, 'u'.repeat(129))),
    'v2: unique id longer than 128 bytes',
  ],
  ['v2 with a wrong checksum', changed(34), 'v2: wrong checksum'],
  ['v2 with an address changed under its checksum', changed(16), 'v2: wrong checksum'],
  ['v2 with a checksum of zeros', v2('2111', INET, tlv(3, hex('00000000'))), 'v2: wrong checksum'],
  [
    'v2 with a checksum of three bytes',
    v2('2111', INET, tlv(3, hex('000000'))),
    'v2: checksum of wrong length',
  ],
  [
    'v2 with a checksum of five bytes',
    v2('2111', INET, tlv(3, hex('0000000000'))),
    'v2: checksum of wrong length',
  ],
  ['v2 with an empty checksum', v2('2111', INET, tlv(3, '')), 'v2: checksum of wrong length'],
  ['v2 with two checksums, the first one right', twoChecksums(), 'v2: TLV 0x03 twice'],
  ['v2 with an empty SSL', ssl(''), 'v2: SSL TLV too short'],
  ['v2 with an SSL of four bytes', ssl('01000000'), 'v2: SSL TLV too short'],
  ['v2 with half a TLV inside SSL', ssl('01000000002100'), 'v2: TLV inside SSL cut off'],
  ['v2 with a TLV longer than its SSL', ssl('0100000000210004544c53'), 'v2: TLV inside SSL cut off'],
  ['v2 with two TLS versions', ssl(`0100000000${tlv(0x21, 'a')}${tlv(0x21, 'b')}`), 'v2: TLV 0x21 twice'],
  ['v2 with two SSLs', v2('2111', INET, tlv(0x20, '12345'), tlv(0x20, '12345')), 'v2: TLV 0x20 twice'],
]

describe.each(REFUSED)('a bad PROXY header: %s', (name, bytes, reason) => {
  it(`decodeProxyHeader refuses ${name} with its reason`, () => {
    expect(decodeProxyHeader(bytes)).toEqual({ kind: 'no-match', reason })
  })

  it(`decodeProxyHeader refuses ${name} whatever follows, and accepts no beginning of it`, () => {
    const whole = Buffer.concat([bytes, Buffer.from('\r\nGET / HTTP/1.1\r\n\r\n')])
    const kinds = Array.from(whole, (_, length) => decodeProxyHeader(whole.subarray(0, length)).kind)
    const first = kinds.indexOf('no-match')
    expect(first).toBeLessThanOrEqual(bytes.length)
    expect(new Set(kinds.slice(0, first))).toEqual(new Set(['need-more']))
    expect(new Set(kinds.slice(first))).toEqual(new Set(['no-match']))
  })
})

/** The last byte of each is the first one that cannot be right. */
const AS_SOON_AS: readonly (readonly [name: string, bytes: Buffer])[] = [
  ['the first byte is of neither version', text('G')],
  ['the signature goes wrong', text('PROXX')],
  ['the second signature goes wrong', text('\r\n\r\n\r')],
  ['no protocol begins like that', text('PROXY TCP5')],
  ['a number of an address is above 255', text('PROXY TCP4 256')],
  ['a number of an address begins with zero', text('PROXY TCP4 1.01')],
  ['an address has one dot too many', text('PROXY TCP4 1.1.1.1.')],
  ['an address ends too early', text('PROXY TCP4 1.1.1 ')],
  ['a second double colon comes', text('PROXY TCP6 1::2::')],
  ['a ninth group begins', text('PROXY TCP6 1:2:3:4:5:6:7:8:')],
  ['a letter is no digit', text('PROXY TCP6 ::g')],
  ['a port is above 65535', text('PROXY TCP4 1.1.1.1 2.2.2.2 65536')],
  ['a port begins with zero', text('PROXY TCP4 1.1.1.1 2.2.2.2 00')],
  ['a fifth field begins', text('PROXY TCP4 1.1.1.1 2.2.2.2 1 2 ')],
  ['a line ends without its fields', text('PROXY TCP4 1.1.1.1\r')],
  ['CR is followed by something else', text('PROXY UNKNOWN\r\r')],
  ['CRLF cannot come within 107 bytes any more', text(`PROXY UNKNOWN ${'f'.repeat(92)}`)],
  ['the version is wrong', hex(`${SIGNATURE}31`)],
  ['the command is wrong', hex(`${SIGNATURE}22`)],
  ['the family is wrong', hex(`${SIGNATURE}2141`)],
  ['the transport is wrong', hex(`${SIGNATURE}2113`)],
  ['the length is above what is read', hex(`${SIGNATURE}21111001`)],
  ['the length is below what the family needs', hex(`${SIGNATURE}2111000b`)],
]

it.each(AS_SOON_AS)('a PROXY header is refused as soon as %s', (_, bytes) => {
  expect(decodeProxyHeader(bytes).kind).toBe('no-match')
  expect(decodeProxyHeader(bytes.subarray(0, -1))).toEqual({ kind: 'need-more' })
})

it('decodeProxyHeader needs more if there are no bytes yet', () => {
  expect(decodeProxyHeader(Buffer.alloc(0))).toEqual({ kind: 'need-more' })
})
