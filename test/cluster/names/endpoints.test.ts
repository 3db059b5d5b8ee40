import { expect, test } from 'vitest'
import { type Address, formatAddress, parseAddress } from '../../../src/address.js'
import { Endpoints } from '../../../src/cluster/names/endpoints.js'

const endpointsOf = (text: string) => new Endpoints(parseAddress(text) as Address)
const currentOf = ({ current }: Endpoints) => current && formatAddress(current)

test.each(['10.0.0.1:80', '[::1]:80', 'unix:/run/app.sock'])('%s needs no resolver', (text) => {
  const endpoints = endpointsOf(text)
  expect(endpoints.hostName).toBeUndefined()
  expect(currentOf(endpoints)).toBe(text)
})

test('localhost is both loopback addresses, and needs no resolver', () => {
  const endpoints = endpointsOf('LocalHost:80')
  expect(endpoints.hostName).toBeUndefined()
  expect(endpoints.all.map(formatAddress)).toEqual(['127.0.0.1:80', '[::1]:80'])
})

test('a host name has no address until it is resolved, and then its own port at each', () => {
  const endpoints = endpointsOf('db.example:80')
  expect(endpoints.hostName).toBe('db.example')
  expect(endpoints.current).toBeUndefined()
  expect(endpoints.resolved(['10.0.0.1', '::2'])).toBe(true)
  expect(endpoints.all.map(formatAddress)).toEqual(['10.0.0.1:80', '[::2]:80'])
})

test('a failure at the address in use moves on to the next, and after the last to the first', () => {
  const endpoints = endpointsOf('db.example:80')
  endpoints.resolved(['10.0.0.1', '10.0.0.2'])
  const seen = [currentOf(endpoints)]
  for (let i = 0; i < 2; i++) {
    expect(endpoints.failed(endpoints.current!)).toBe(true)
    seen.push(currentOf(endpoints))
  }
  expect(seen).toEqual(['10.0.0.1:80', '10.0.0.2:80', '10.0.0.1:80'])
})

test('a failure at an address that is not in use any more moves nothing', () => {
  const endpoints = endpointsOf('db.example:80')
  endpoints.resolved(['10.0.0.1', '10.0.0.2', '10.0.0.3'])
  const first = endpoints.current!
  expect(endpoints.failed(first)).toBe(true)
  expect(endpoints.failed(first)).toBe(false)
  expect(currentOf(endpoints)).toBe('10.0.0.2:80')
})

test('an address in use stays in use whatever order the resolver gives', () => {
  const endpoints = endpointsOf('db.example:80')
  endpoints.resolved(['10.0.0.1', '10.0.0.2'])
  const dialled = endpoints.current!
  expect(endpoints.resolved(['10.0.0.2', '10.0.0.1'])).toBe(false)
  expect(currentOf(endpoints)).toBe('10.0.0.1:80')
  expect(endpoints.failed(dialled)).toBe(true)
  expect(currentOf(endpoints)).toBe('10.0.0.2:80')
})

test('an address that is gone is followed by the first of the answer', () => {
  const endpoints = endpointsOf('db.example:80')
  endpoints.resolved(['10.0.0.1'])
  expect(endpoints.resolved(['10.0.0.8', '10.0.0.9'])).toBe(true)
  expect(currentOf(endpoints)).toBe('10.0.0.8:80')
})
