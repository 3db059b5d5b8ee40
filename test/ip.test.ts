import fc from 'fast-check'
import { expect, it } from 'vitest'
import { bytesToIp, ipToBytes, mapToIpv6, unmapBytes } from '../src/ip.js'

const seed = Number(process.env.MILLRACE_SEED ?? 1)
const group = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }))
const ipv6 = fc.array(group, { minLength: 8, maxLength: 8 }).map((groups) => {
  const bytes = Buffer.alloc(16)
  groups.forEach((value, i) => {
    bytes.writeUInt16BE(value, 2 * i)
  })
  return bytes
})

it.each([
  ['0.0.0.0', '00000000'],
  ['192.0.2.255', 'c00002ff'],
  ['::', '00'.repeat(16)],
  ['::1', `${'00'.repeat(15)}01`],
  ['1::', `0001${'00'.repeat(14)}`],
  ['2001:db8::1:0:0:1', '20010db8000000000001000000000001'],
  ['2001:db8:0:1:1:1:1:1', '20010db8000000010001000100010001'],
  ['1:0:0:2::3', '00010000000000020000000000000003'],
  ['10:0:100::', `00100000010${'0'.repeat(21)}`],
  ['::fffe:c000:201', `${'00'.repeat(10)}fffec0000201`],
])('the IP address %s is written and read in this form', (text, hex) => {
  expect(bytesToIp(Buffer.from(hex, 'hex'))).toBe(text)
  expect(ipToBytes(text)?.toString('hex')).toBe(hex)
})

it.each([
  ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
  ['::ffff:c000:0201', '192.0.2.1'],
  ['::FFFF:192.0.2.1', '192.0.2.1'],
  ['0:0:0:0:0:ffff:192.0.2.1', '192.0.2.1'],
  ['1:2:3:4:5:6:1.2.3.4', '1:2:3:4:5:6:102:304'],
  ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
  ['fe80::1%eth0', 'fe80::1'],
])('the IP address %s is read as %s', (text, canonical) => {
  expect(bytesToIp(ipToBytes(text)!)).toBe(canonical)
})

it.each(['', 'localhost', '1.2.3', '1.2.3.256', '1::2::3', '[::1]', '%eth0', '::1\0'])(
  '%j is not an IP address',
  (text) => {
    expect(ipToBytes(text)).toBeUndefined()
  },
)

it('every IPv6 address is read back from its text, a mapped one as IPv4', () => {
  fc.assert(
    fc.property(ipv6, (bytes) => {
      expect(ipToBytes(bytesToIp(bytes))).toEqual(unmapBytes(bytes))
    }),
    { seed, numRuns: 5000 },
  )
})

it('an IPv6 address that is not mapped is written as in a URL', () => {
  fc.assert(
    fc.property(ipv6, (bytes) => {
      const text = bytesToIp(bytes)
      fc.pre(!text.includes('.'))
      expect(`[${text}]`).toBe(new URL(`http://[${text}]/`).hostname)
    }),
    { seed, numRuns: 5000 },
  )
})

it('mapToIpv6 maps an IPv4 address and leaves an IPv6 address as it is', () => {
  expect(bytesToIp(mapToIpv6(ipToBytes('192.0.2.1')!))).toBe('::ffff:192.0.2.1')
  expect(bytesToIp(mapToIpv6(ipToBytes('::1')!))).toBe('::1')
})
