import { expect, it } from 'vitest'
import { type Address, parseAddress } from '../../src/address.js'
import { overlap } from '../../src/proxy/overlap.js'

it.each([
  ['127.0.0.1:80', '127.0.0.1:80', true],
  ['127.0.0.1:80', '127.0.0.1:81', false],
  ['127.0.0.1:80', '127.0.0.2:80', false],
  ['0.0.0.0:80', '127.0.0.1:80', true],
  ['0.0.0.0:80', '[::1]:80', false],
  ['[::]:80', '[::1]:80', true],
  ['[::]:80', '127.0.0.1:80', true],
  ['0.0.0.0:0', '0.0.0.0:0', false],
  ['unix:/a', 'unix:/a', true],
  ['unix:/a', 'unix:/b', false],
  ['unix:/a', '0.0.0.0:80', false],
])("%s and %s are in each other's way: %s", (a, b, expected) => {
  const [one, other] = [parseAddress(a) as Address, parseAddress(b) as Address]
  expect([overlap(one, other), overlap(other, one)]).toEqual([expected, expected])
})
