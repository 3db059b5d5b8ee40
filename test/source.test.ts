/** Which clients count as one source. */
import { describe, expect, it } from 'vitest'
import { type Address, packPeer } from '../src/address.js'
import { formatSource, sourceOf } from '../src/source.js'

const WHOLE = { prefix4: 32, prefix6: 128 }
const tcp = (host: string): Address => ({ kind: 'tcp', host, port: 1 })
const textOf = (host: string, prefixes = { prefix4: 32, prefix6: 64 }): string =>
  formatSource(sourceOf(tcp(host), prefixes), prefixes)

describe('the source of a client', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::ffff:c000:201', '192.0.2.1'],
    ['64:ff9b::192.0.2.1', '192.0.2.1'],
    ['64:ff9b::c000:201', '192.0.2.1'],
    ['64:ff9b:1::c000:201', '64:ff9b:1::/64'],
    ['2001:db8::1', '2001:db8::/64'],
    ['2001:db8:0:0:ffff:ffff:ffff:ffff', '2001:db8::/64'],
    ['2001:db8:0:1::1', '2001:db8:0:1::/64'],
    ['fe80::1%eth0', 'fe80::/64'],
    ['::1', '::/64'],
  ])('the source of %s is %s', (host, source) => {
    expect(textOf(host)).toBe(source)
  })

  it.each([
    [{ prefix4: 24, prefix6: 56 }, '192.0.2.129', '192.0.2.0/24'],
    [{ prefix4: 25, prefix6: 56 }, '192.0.2.129', '192.0.2.128/25'],
    [{ prefix4: 8, prefix6: 16 }, '203.0.113.9', '203.0.0.0/8'],
    [{ prefix4: 0, prefix6: 0 }, '203.0.113.9', '0.0.0.0/0'],
    [{ prefix4: 32, prefix6: 16 }, '2001:db8::1', '2001::/16'],
    [{ prefix4: 32, prefix6: 57 }, '2001:db8:0:ff::1', '2001:db8:0:80::/57'],
    [{ prefix4: 32, prefix6: 0 }, '2001:db8::1', '::/0'],
    [WHOLE, '2001:db8::1', '2001:db8::1'],
    [{ prefix4: 24, prefix6: 64 }, '64:ff9b::192.0.2.1', '192.0.2.0/24'],
  ])('with prefixes %j the source of %s is %s', (prefixes, host, source) => {
    expect(textOf(host, prefixes)).toBe(source)
  })

  it('a packed IPv4 peer has the same source as its address in text', () => {
    for (const [ipv4, host] of [
      [0xc0000201, '192.0.2.1'],
      [0xffffffff, '255.255.255.255'],
      [0, '0.0.0.0'],
    ] as const)
      expect(sourceOf(packPeer(ipv4, 65535), WHOLE)).toBe(sourceOf(tcp(host), WHOLE))
  })

  it('all clients of unix sockets are one source, and unknown peers are another', () => {
    const unix = sourceOf({ kind: 'unix', path: '/a' }, WHOLE)
    expect(unix).toBe(sourceOf({ kind: 'unix', path: '' }, WHOLE))
    expect([formatSource(unix, WHOLE), formatSource(sourceOf(undefined, WHOLE), WHOLE)]).toEqual([
      'unix',
      'unknown',
    ])
  })

  it('every source has 16 characters, each of one byte', () => {
    for (const host of ['192.0.2.1', '::1', '2001:db8::1', 'no address'])
      for (const prefix6 of [0, 1, 64, 127, 128])
        expect(sourceOf(tcp(host), { prefix4: 32, prefix6 })).toMatch(/^[\0-\xff]{16}$/)
  })
})
