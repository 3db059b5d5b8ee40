/** The facts in a PROXY header to a backend, if both a proxy in front and millrace know something of the client. */
import { describe, expect, it } from 'vitest'
import { chosenFacts, proxyFacts } from '../../../src/connection/backend/proxy-facts.js'
import type { KnownClient } from '../../../src/connection/opening/known-client.js'

const TLS = { version: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256', alpn: 'h2', clientName: 'a client' }
const SSL = { isTls: true, version: 'TLSv1.2', others: [{ type: 1, value: Buffer.from('x') }] }
const HEADER = {
  alpn: 'http/1.1',
  authority: 'front.test',
  uniqueId: Buffer.from('theirs'),
  ssl: SSL,
  tlvs: [],
}
const tcp = (host: string) => ({ kind: 'tcp', host, port: 1 })

const factsOf = (client: object) => proxyFacts(client as unknown as KnownClient, 'ours')

describe('a PROXY header for a client that came through a proxy in front and whose TLS ends at millrace', () => {
  const facts = factsOf({ proxyHeader: HEADER, tls: TLS, hello: { serverName: 'a.test' } })

  it('a PROXY header tells the TLS that ended at millrace, and its server name, before the facts of a proxy in front', () => {
    expect(facts).toMatchObject({
      alpn: 'h2',
      authority: 'a.test',
      ssl: { version: 'TLSv1.3', commonName: 'a client' },
    })
  })

  it('a PROXY header passes on the unique id of the proxy in front', () => {
    expect(facts.uniqueId?.toString()).toBe('theirs')
  })
})

it('a PROXY header tells the facts of the proxy in front if the client has no TLS at millrace', () => {
  expect(factsOf({ proxyHeader: HEADER })).toMatchObject({
    alpn: 'http/1.1',
    authority: 'front.test',
    ssl: SSL,
  })
})

it('a PROXY header has the id of the record if no proxy in front gave one', () => {
  expect(factsOf({})).toEqual({ uniqueId: Buffer.from('ours'), others: [] })
})

it.each([
  ['192.0.2.1', '0.0.0.0'],
  ['2001:db8::1', '::'],
])('a PROXY header for a request of %s by a unix socket has the destination %s', (host, destination) => {
  const client = { fieldClient: tcp(host), address: tcp(host), localAddress: { kind: 'unix', path: '/x' } }
  expect(factsOf(client)).toMatchObject({ destination: { kind: 'tcp', host: destination, port: 0 } })
  expect(factsOf({ ...client, localAddress: tcp('192.0.2.9') })).toMatchObject({
    destination: tcp('192.0.2.9'),
  })
})

it('a PROXY header passes on unknown TLVs of a proxy in front only with "fromClient"', () => {
  const facts = factsOf({ proxyHeader: { ...HEADER, tlvs: [{ type: 0xea, value: Buffer.from('y') }] } })
  expect(chosenFacts(facts, { version: 'v2', tlvs: ['ssl'] })).toMatchObject({ ssl: { version: 'TLSv1.2' } })
  expect(chosenFacts(facts, { version: 'v2', tlvs: ['ssl'] })).not.toHaveProperty('ssl.others')
  expect(chosenFacts(facts, { version: 'v2', tlvs: ['ssl'] })).not.toHaveProperty('others')
  const all = chosenFacts(facts, { version: 'v2', tlvs: ['ssl', 'fromClient'] })
  expect(all).toMatchObject({ ssl: SSL, others: [{ type: 0xea }] })
})
