/** What of a connection becomes the key. */
import { expect, it } from 'vitest'
import { type HashKey, readKey } from '../../../../src/cluster/balance/hash/key.js'
import type { BalanceRequest } from '../../../../src/cluster/balance/request.js'
import { requestOf } from '../../requests.js'

const keyOf = (key: HashKey, facts: Partial<BalanceRequest>) => readKey(key, { ...requestOf(1000), ...facts })
const from = (host: string) => ({ clientAddress: { kind: 'tcp', host, port: 50_000 } as const })
const cookies = (...values: string[]) => ({
  fieldValues: (name: string) => (name === 'cookie' ? values : []),
})
const source = (ipv4Bits: number, ipv6Bits: number): HashKey => ({ from: 'source', ipv4Bits, ipv6Bits })

it('the address of a client is its key, and its port is no part of it', () => {
  expect(keyOf(source(32, 128), from('192.0.2.7'))).toBe('192.0.2.7')
  expect(keyOf(source(32, 128), from('2001:db8::1'))).toEqual(keyOf(source(32, 128), from('2001:DB8:0:0::1')))
})

it('clients of one network have one key, and clients of two networks have two', () => {
  expect(keyOf(source(24, 64), from('192.0.2.7'))).toEqual(Buffer.from([192, 0, 2, 0]))
  expect(keyOf(source(20, 64), from('192.0.255.7'))).toEqual(Buffer.from([192, 0, 240, 0]))
  expect(keyOf(source(24, 64), from('2001:db8::1'))).toEqual(keyOf(source(24, 64), from('2001:db8::2:1')))
  expect(keyOf(source(24, 64), from('2001:db8::1'))).not.toEqual(
    keyOf(source(24, 64), from('2001:db8:0:1::1')),
  )
})

it('a client of a unix socket, and one that nobody could tell, have no key', () => {
  expect(keyOf(source(32, 128), { clientAddress: { kind: 'unix', path: '' } })).toBeUndefined()
  expect(keyOf(source(32, 128), {})).toBeUndefined()
})

it('the server name, the host, the path and the key of a route function are keys', () => {
  expect(keyOf({ from: 'sni' }, { serverName: 'A.Example' })).toBe('a.example')
  expect(keyOf({ from: 'host' }, { host: 'a.example' })).toBe('a.example')
  expect(keyOf({ from: 'path' }, { path: '/rooms/7' })).toBe('/rooms/7')
  expect(keyOf({ from: 'route' }, { key: 'tenant 7' })).toBe('tenant 7')
})

it.each([
  ['sid=abc', 'abc'],
  ['a=1; sid=abc; b=2', 'abc'],
  ['sid=a=b', 'a=b'],
  ['xsid=1;sid=2', '2'],
  ['sid=1; sid=2', '1'],
  ['SID=1', undefined],
  ['sid', undefined],
  ['sid=', undefined],
  ['', undefined],
])('the cookie sid of "%s" is %s', (field, value) => {
  expect(keyOf({ from: 'cookie', name: 'sid' }, cookies(field))).toBe(value)
})

it('a cookie is found in the second Cookie field', () => {
  expect(keyOf({ from: 'cookie', name: 'sid' }, cookies('a=1', 'sid=9'))).toBe('9')
})

it.each([
  ['/socket.io/?EIO=4&sid=abc', 'abc'],
  ['/?sid=a%20b', 'a b'],
  ['/?sid=1&sid=2', '1'],
  ['/?sid=', undefined],
  ['/?sid', undefined],
  ['/sid=1', undefined],
])('the parameter sid of "%s" is %s', (target, value) => {
  expect(keyOf({ from: 'query', name: 'sid' }, { target })).toBe(value)
})

it('a header field and a TLV are keys, the first of each', () => {
  const facts = { fieldValues: () => ['one', 'two'], tlv: (type: number) => Buffer.from([type]) }
  expect(keyOf({ from: 'header', name: 'x-user' }, facts)).toBe('one')
  expect(keyOf({ from: 'tlv', type: 0xea }, facts)).toEqual(Buffer.from([0xea]))
})
