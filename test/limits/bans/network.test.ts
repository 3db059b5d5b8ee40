import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AddressSet, explainAddressRange } from '../../../src/address-set.js'
import {
  contains,
  exactText,
  formatNetwork,
  type Network,
  overlap,
  readNetwork,
  sourceNetwork,
} from '../../../src/limits/bans/network.js'

const USUAL = { prefix4: 32, prefix6: 64 }
const read = (text: string, prefixes = USUAL): Network => {
  const network = readNetwork(text, prefixes)
  if (typeof network === 'string') throw new Error(network)
  return network
}
const ipv4 = fc.ipV4()
const ipv6 = fc.oneof(
  fc.ipV6(),
  ...['::ffff:', '64:ff9b::'].map((prefix) => fc.ipV4().map((host) => prefix + host)),
)
const written = fc
  .oneof(
    fc.tuple(ipv4, fc.nat(32)).map(([host, prefix]) => `${host}/${prefix}`),
    fc.tuple(ipv6, fc.nat(128)).map(([host, prefix]) => `${host}/${prefix}`),
  )
  .filter((text) => explainAddressRange(text) === undefined)

describe('a network to ban', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['192.0.2.77/24', '192.0.2.0/24'],
    ['192.0.2.1/32', '192.0.2.1'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['::/0', '::/0'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['64:ff9b::192.0.2.1', '192.0.2.1'],
    ['::ffff:0:0/96', '0.0.0.0/0'],
    ['64:ff9b::c000:200/120', '192.0.2.0/24'],
    ['64:ff9b::/64', '64:ff9b::/64'],
    ['::ffff:1.2.3.4/90', '::ffc0:0:0/90'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2:3:4:5:6/128', '2001:db8:1:2:3:4:5:6'],
    ['2001:db8:ffff::/33', '2001:db8:8000::/33'],
  ])('reads %s as %s', (text, network) => {
    expect(formatNetwork(read(text))).toBe(network)
  })

  it('makes the configured source of a single address, and of nothing else', () => {
    const prefixes = { prefix4: 24, prefix6: 56 }
    expect(formatNetwork(read('192.0.2.7', prefixes))).toBe('192.0.2.0/24')
    expect(formatNetwork(read('192.0.2.7/32', prefixes))).toBe('192.0.2.7')
    expect(formatNetwork(read('2001:db8:0:ff::1', prefixes))).toBe('2001:db8::/56')
    expect(formatNetwork(read('2001:db8:0:ff::/64', prefixes))).toBe('2001:db8:0:ff::/64')
  })

  it.each([
    ['', 'expected an address'],
    ['example.com', 'expected an address'],
    ['192.0.2.1:80', 'expected an address'],
    ['192.0.2.0/33', 'expected a number from 0 to 32'],
    ['192.0.2.0/', 'expected a number from 0 to 32'],
    ['2001:db8::/129', 'expected a number from 0 to 128'],
    ['fe80::1%eth0', 'expected an address'],
    ['unix', 'no IP address'],
  ])('says what is wrong with %j', (text, problem) => {
    expect(readNetwork(text, USUAL)).toContain(problem)
  })

  it('reads back the text with the prefix as the same network', () => {
    fc.assert(
      fc.property(written, fc.nat(32), fc.nat(128), (text, prefix4, prefix6) => {
        const network = read(text)
        expect(read(exactText(network), { prefix4, prefix6 })).toEqual(network)
      }),
    )
  })

  it('contains the addresses that the same text has in a list of the config', () => {
    fc.assert(
      fc.property(written, fc.oneof(ipv4, ipv6), (text, host) => {
        const client = { kind: 'tcp', host, port: 1 } as const
        const source = sourceNetwork(client, { prefix4: 32, prefix6: 128 })!
        expect(contains(read(text), source)).toBe(new AddressSet([text]).has(client))
      }),
    )
  })

  it('overlaps another one if one of them contains the other', () => {
    expect(overlap(read('10.0.0.0/8'), read('10.1.2.3'))).toBe(true)
    expect(overlap(read('10.1.2.3'), read('10.0.0.0/8'))).toBe(true)
    expect(overlap(read('10.1.2.3'), read('10.1.2.4'))).toBe(false)
    expect(overlap(read('::/0'), read('10.1.2.4'))).toBe(false)
  })
})

describe('the source of a client', () => {
  it('is nothing for a client without an IP address', () => {
    expect(sourceNetwork(undefined, USUAL)).toBeUndefined()
    expect(sourceNetwork({ kind: 'unix', path: '/run/a.sock' }, USUAL)).toBeUndefined()
  })
})
