import { expect, it } from 'vitest'
import { type Address, parseAddress } from '../../../src/address.js'
import { type ListenPlace, overlap, withIpv6Only } from '../../../src/config/checks/listener-addresses.js'

it.each([
  ['127.0.0.1:80', '127.0.0.1:80', true],
  ['127.0.0.1:80', '127.0.0.1:81', false],
  ['127.0.0.1:80', '127.0.0.2:80', false],
  ['0.0.0.0:80', '127.0.0.1:80', true],
  ['0.0.0.0:80', '[::1]:80', false],
  ['[::]:80', '[::1]:80', true],
  ['[::]:80', '127.0.0.1:80', true],
  ['[0::0]:80', '127.0.0.1:80', true],
  ['[::1]:80', '[0::1]:80', true],
  ['0.0.0.0:0', '0.0.0.0:0', false],
  ['unix:/a', 'unix:/a', true],
  ['unix:/a', 'unix:/b', false],
  ['unix:/a', '0.0.0.0:80', false],
])('listeners on %s and on %s conflict: %s', (a, b, expected) => {
  const [one, other] = [a, b].map((text) => ({
    address: parseAddress(text) as Address,
    ipv6Only: false,
  })) as [ListenPlace, ListenPlace]
  expect([overlap(one, other), overlap(other, one)]).toEqual([expected, expected])
})

it.each([
  [
    ['[::]:80', '0.0.0.0:80'],
    [true, false],
  ],
  [
    ['0.0.0.0:80', '[0::0]:80'],
    [false, true],
  ],
  [
    ['[::]:80', '0.0.0.0:81'],
    [false, false],
  ],
  [
    ['[::]:0', '0.0.0.0:0'],
    [false, false],
  ],
  [
    ['[::]:80', '127.0.0.1:80'],
    [false, false],
  ],
  [
    ['[::1]:80', '0.0.0.0:80'],
    [false, false],
  ],
])('of listeners on %j, these leave IPv4 to another listener: %j', (texts, expected) => {
  const listeners = withIpv6Only(texts.map((text) => ({ address: parseAddress(text) as Address })))
  expect(listeners.map(({ ipv6Only }) => ipv6Only)).toEqual(expected)
})

it('a listener on [::] beside one on 0.0.0.0 conflicts only with IPv6 addresses', () => {
  const place = (text: string, ipv6Only = false) => ({ address: parseAddress(text) as Address, ipv6Only })
  const ipv6 = place('[::]:80', true)
  expect(['0.0.0.0:80', '127.0.0.1:80', '[::1]:80'].map((text) => overlap(ipv6, place(text)))).toEqual([
    false,
    false,
    true,
  ])
})
