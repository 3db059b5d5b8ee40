/** What the record tells about a client, by what the opening has learnt about it. */
import { expect, it } from 'vitest'
import type { KnownClient } from '../../../src/connection/opening/known-client.js'
import { openingFacts } from '../../../src/connection/opening/opening-facts.js'

const TLS = { version: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256' }
const HELLO = { serverName: 'a.test', alpn: ['h2', 'http/1.1'] }
const HEAD = { method: 'GET', authority: 'a.test', target: '/a?secret', path: '/a' }
const HTTP = { protocol: 'http' }

const factsOf = (known: object, config: object = {}) => {
  const policy = { config: { protocol: 'tcp', logQuery: false, acceptProxy: undefined, ...config } }
  return openingFacts({ policy, ...known } as unknown as KnownClient, undefined, undefined)
}

it.each([
  ['TCP', {}, {}],
  ['TLS', { hello: HELLO }, {}],
  ['HTTP', { request: { head: HEAD } }, HTTP],
  ['HTTPS', { request: { head: HEAD }, hello: HELLO, tls: TLS }, HTTP],
  ['WS', { request: { head: HEAD, key: 'key' } }, HTTP],
  ['WSS', { request: { head: HEAD, key: 'key' }, hello: HELLO, tls: TLS }, HTTP],
])('the record names the protocol %s', (protocol, known, config) => {
  expect(factsOf(known, config).protocol).toBe(protocol)
})

it('the record has the agreed ALPN if TLS ends at millrace, and otherwise the offered ones', () => {
  expect(factsOf({ hello: HELLO }).alpn).toEqual(['h2', 'http/1.1'])
  expect(factsOf({ hello: HELLO, tls: { ...TLS, alpn: 'h2' } }).alpn).toEqual(['h2'])
  expect(factsOf({ hello: HELLO, tls: TLS }).alpn).toEqual([])
})

it('the time of a route function is known as long as the connection lasts', () => {
  expect(factsOf({ routeMicros: 5 }).routeMicros).toBe(5)
})

it('the record has the query of a path only if the listener sets logQuery', () => {
  const request = { head: HEAD }
  expect(factsOf({ request }, HTTP).http?.path).toBe('/a')
  expect(factsOf({ request }, { ...HTTP, logQuery: true }).http?.path).toBe('/a?secret')
})

it('the record has the types of all TLVs, and the values only of the TLVs in logTlvs', () => {
  const tlvs = [
    { type: 0xea, value: Buffer.from('a') },
    { type: 0xe0, value: Buffer.from('b') },
  ]
  const proxyHeader = { version: 2, command: 'proxy', tlvs }
  const told = (logTlvs: number[]) => factsOf({ proxyHeader }, { acceptProxy: { logTlvs } }).proxy
  expect(told([])).toMatchObject({ tlvs: [0xea, 0xe0], tlvValues: undefined })
  expect(told([0xe0])).toMatchObject({ tlvs: [0xea, 0xe0], tlvValues: [{ type: 0xe0, value: 'Yg==' }] })
})
