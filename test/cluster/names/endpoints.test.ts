import { expect, test } from 'vitest'
import { type Address, formatAddress, parseAddress } from '../../../src/address.js'
import { Endpoints } from '../../../src/cluster/names/endpoints.js'

const endpointsOf = (text: string) => new Endpoints(parseAddress(text) as Address)
const currentOf = ({ current }: Endpoints) => current && formatAddress(current)

test.each(['10.0.0.1:80', '[::1]:80', 'unix:/run/app.sock'])('a backend at %s needs no resolver', (text) => {
  const endpoints = endpointsOf(text)
  expect(endpoints.hostName).toBeUndefined()
  expect(currentOf(endpoints)).toBe(text)
})

test('a backend at localhost has both loopback addresses and needs no resolver', () => {
  const endpoints = endpointsOf('LocalHost:80')
  expect(endpoints.hostName).toBeUndefined()
  expect(endpoints.all.map(formatAddress)).toEqual(['127.0.0.1:80', '[::1]:80'])
})

test('a backend with a host name has no address until it is resolved, and then its port at each address', () => {
  const endpoints = endpointsOf('db.example:80')
  expect(endpoints.hostName).toBe('db.example')
  expect(endpoints.current).toBeUndefined()
  expect(endpoints.resolved(['10.0.0.1', '::2'])).toBe(true)
  expect(endpoints.all.map(formatAddress)).toEqual(['10.0.0.1:80', '[::2]:80'])
})

test("a failure at a backend's address moves on to the next one, and after the last to the first", () => {
  const endpoints = endpointsOf('db.example:80')
  endpoints.resolved(['10.0.0.1', '10.0.0.2'])
  const seen = [currentOf(endpoints)]
  for (let i = 0; i < 2; i++) {
    expect(endpoints.failed(endpoints.current!)).toBe(true)
    seen.push(currentOf(endpoints))
  }
  expect(seen).toEqual(['10.0.0.1:80', '10.0.0.2:80', '10.0.0.1:80'])
})

test('a failure at an address that the backend no longer uses changes nothing', () => {
  const endpoints = endpointsOf('db.example:80')
  endpoints.resolved(['10.0.0.1', '10.0.0.2', '10.0.0.3'])
  const first = endpoints.current!
  expect(endpoints.failed(first)).toBe(true)
  expect(endpoints.failed(first)).toBe(false)
  expect(currentOf(endpoints)).toBe('10.0.0.2:80')
})

test('a backend stays at its address when the resolver changes the order', () => {
  const endpoints = endpointsOf('db.example:80')
  endpoints.resolved(['10.0.0.1', '10.0.0.2'])
  const dialled = endpoints.current!
  expect(endpoints.resolved(['10.0.0.2', '10.0.0.1'])).toBe(false)
  expect(currentOf(endpoints)).toBe('10.0.0.1:80')
  expect(endpoints.failed(dialled)).toBe(true)
  expect(currentOf(endpoints)).toBe('10.0.0.2:80')
})

test('a backend whose address is gone goes to the first address of the answer', () => {
  const endpoints = endpointsOf('db.example:80')
  endpoints.resolved(['10.0.0.1'])
  expect(endpoints.resolved(['10.0.0.8', '10.0.0.9'])).toBe(true)
  expect(currentOf(endpoints)).toBe('10.0.0.8:80')
})

test('the address of the other family stands by, and its family is in use once it has won', () => {
  const endpoints = endpointsOf('db.example:80')
  endpoints.resolved(['2001:db8::1', '10.0.0.1', '10.0.0.2'])
  expect(currentOf(endpoints)).toBe('[2001:db8::1]:80')
  expect(endpoints.other).toMatchObject({ host: '10.0.0.1' })
  expect(endpoints.turns).toBe(2)
  endpoints.won(endpoints.other!)
  expect(currentOf(endpoints)).toBe('10.0.0.1:80')
  expect(endpoints.other).toMatchObject({ host: '2001:db8::1' })
  endpoints.won(endpoints.current!)
  expect(currentOf(endpoints)).toBe('10.0.0.1:80')
})

test('a failure of the address that stands by moves on within its family only', () => {
  const endpoints = endpointsOf('db.example:80')
  endpoints.resolved(['2001:db8::1', '10.0.0.1', '10.0.0.2'])
  expect(endpoints.failed(endpoints.other!)).toBe(false)
  expect(currentOf(endpoints)).toBe('[2001:db8::1]:80')
  expect(endpoints.other).toMatchObject({ host: '10.0.0.2' })
})

test('a backend stays in the family that works when its address is gone', () => {
  const endpoints = endpointsOf('db.example:80')
  endpoints.resolved(['2001:db8::1', '10.0.0.1'])
  endpoints.won(endpoints.other!)
  expect(endpoints.resolved(['2001:db8::1', '10.0.0.2'])).toBe(true)
  expect(currentOf(endpoints)).toBe('10.0.0.2:80')
  expect(endpoints.resolved(['2001:db8::1'])).toBe(true)
  expect(currentOf(endpoints)).toBe('[2001:db8::1]:80')
  expect(endpoints.other).toBeUndefined()
})

test('a backend has no address when its name means nothing any more, until it means something again', () => {
  const endpoints = endpointsOf('db.example:80')
  endpoints.resolved(['10.0.0.1'])
  expect(endpoints.resolved([])).toBe(true)
  expect([endpoints.current, endpoints.other, endpoints.all]).toEqual([undefined, undefined, []])
  expect(endpoints.resolved(['10.0.0.2'])).toBe(true)
  expect(currentOf(endpoints)).toBe('10.0.0.2:80')
})

test('where no address is dialled beside another, every address of both families has its turn', () => {
  const endpoints = endpointsOf('db.example:80')
  endpoints.resolved(['192.0.2.1', '192.0.2.2', '2001:db8::1'])
  const tried = endpoints.all.map(() => {
    const { current } = endpoints
    endpoints.failedAlone(current!)
    return current
  })
  expect(new Set(tried)).toEqual(new Set(endpoints.all))
})

test('an address that is not in use any more and fails late moves nothing', () => {
  const endpoints = endpointsOf('db.example:80')
  endpoints.resolved(['192.0.2.1', '2001:db8::1'])
  const [first] = endpoints.all
  endpoints.failedAlone(first!)
  const { current } = endpoints
  endpoints.failedAlone(first!)
  expect(endpoints.current).toBe(current)
})
