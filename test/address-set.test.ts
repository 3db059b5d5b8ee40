/** Sets of addresses: which peers are in them, at the edges of what people list. */
import { describe, expect, it } from 'vitest'
import type { Address } from '../src/address.js'
import { AddressSet, explainAddressRange } from '../src/address-set.js'

const tcp = (host: string): Address => ({ kind: 'tcp', host, port: 1 })

describe('an address set', () => {
  it.each<[string[], string, boolean]>([
    [['10.0.0.0/8'], '10.0.0.0', true],
    [['10.0.0.0/8'], '10.255.255.255', true],
    [['10.0.0.0/8'], '11.0.0.0', false],
    [['10.0.0.0/8'], '9.255.255.255', false],
    [['10.1.2.3/8'], '10.9.9.9', true],
    [['192.0.2.1'], '192.0.2.1', true],
    [['192.0.2.1'], '192.0.2.2', false],
    [['0.0.0.0/0'], '203.0.113.9', true],
    [['0.0.0.0/0'], '2001:db8::1', false],
    [['::/0'], '2001:db8::1', true],
    [['::/0'], '203.0.113.9', false],
    [['::/0'], '::ffff:203.0.113.9', false],
    [['::ffff:0:0/95'], '203.0.113.9', false],
    [['::ffff:10.0.0.0/104'], '10.255.255.255', true],
    [['::ffff:10.0.0.0/104'], '11.0.0.0', false],
    [['::ffff:192.0.2.1'], '192.0.2.1', true],
    [['::ffff:0:0/96'], '::ffff:cb00:7109', true],
    [['10.0.0.0/8'], '64:ff9b::10.1.2.3', true],
    [['64:ff9b::10.0.0.0/104'], '10.255.255.255', true],
    [['64:ff9b::10.0.0.0/104'], '64:ff9b::b00:0', false],
    [['64:ff9b::192.0.2.1'], '192.0.2.1', true],
    [['64:ff9b::/64', '::/0'], '64:ff9b::192.0.2.1', false],
    [['64:ff9b:1::/48'], '64:ff9b:1::192.0.2.1', true],
    [['192.0.2.1'], '2002:c000:201::', false],
    [['2001:db8::/32'], '2001:db8:ffff::1', true],
    [['2001:db8::/32'], '2001:db9::1', false],
    [['::1'], '0:0:0:0:0:0:0:1', true],
    [['fe80::/10'], 'fe80::1%eth0', true],
    [['10.0.0.0/8'], '::ffff:10.1.2.3', true],
    [['10.0.0.0/8', '192.0.2.0/24'], '192.0.2.255', true],
    [['unix'], '127.0.0.1', false],
    [['10.0.0.0/8'], 'a.test', false],
  ])('an address set of %j has %s: %s', (texts, host, isIn) => {
    expect(new AddressSet(texts).has(tcp(host))).toBe(isIn)
  })

  it('an address set has unix sockets only if "unix" is listed', () => {
    expect(new AddressSet(['unix']).has({ kind: 'unix', path: '' })).toBe(true)
    expect(new AddressSet(['0.0.0.0/0', '::/0']).has({ kind: 'unix', path: '' })).toBe(false)
  })

  it('an address set never has an unknown peer, and an empty set has no address', () => {
    expect(new AddressSet(['0.0.0.0/0', 'unix']).has(undefined)).toBe(false)
    expect(new AddressSet([]).has(tcp('127.0.0.1'))).toBe(false)
  })
})

describe('explainAddressRange', () => {
  it.each(['10.0.0.0/8', '10.0.0.1', '::1/128', '2001:db8::/0', 'unix'])(
    'explainAddressRange accepts %s',
    (text) => {
      expect(explainAddressRange(text)).toBeUndefined()
    },
  )

  it.each([
    ['10.0.0.0/33', /0 to 32/],
    ['::1/129', /0 to 128/],
    ['10.0.0.0/', /0 to 32/],
    ['64:ff9b::/96', /every IPv4 address.*write 0\.0\.0\.0\/0/],
    ['10.0.0.0/-1', /0 to 32/],
    ['10.0.0.0/8/8', /expected addresses/],
    ['10.0.0', /expected addresses/],
    ['a.test', /expected addresses/],
    ['fe80::1%eth0', /expected addresses/],
    ['', /expected addresses/],
    ['unix:/a', /expected addresses/],
  ])('explainAddressRange explains what is wrong with %j', (text, why) => {
    expect(explainAddressRange(text)).toMatch(why)
  })
})
