/** What a backend is told of a client about whom several have spoken. */
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

describe('of a client that came by TLS of ours and by a proxy in front', () => {
  const facts = factsOf({ proxyHeader: HEADER, tls: TLS, hello: { serverName: 'a.test' } })

  it('our own TLS is told, and the name that was asked for in it', () => {
    expect(facts).toMatchObject({
      alpn: 'h2',
      authority: 'a.test',
      ssl: { version: 'TLSv1.3', commonName: 'a client' },
    })
  })

  it('the id is that of the proxy in front', () => {
    expect(facts.uniqueId?.toString()).toBe('theirs')
  })
})

it('of a client that came by a proxy in front alone its facts are told', () => {
  expect(factsOf({ proxyHeader: HEADER })).toMatchObject({
    alpn: 'http/1.1',
    authority: 'front.test',
    ssl: SSL,
  })
})

it('of a client of whom nobody has spoken the id is that of the record', () => {
  expect(factsOf({})).toEqual({ uniqueId: Buffer.from('ours'), others: [] })
})

it.each([
  ['192.0.2.1', '0.0.0.0'],
  ['2001:db8::1', '::'],
])('a client at %s of a request that came by a unix socket wanted to go to %s', (host, destination) => {
  const client = { fieldClient: tcp(host), address: tcp(host), localAddress: { kind: 'unix', path: '/x' } }
  expect(factsOf(client)).toMatchObject({ destination: { kind: 'tcp', host: destination, port: 0 } })
  expect(factsOf({ ...client, localAddress: tcp('192.0.2.9') })).toMatchObject({
    destination: tcp('192.0.2.9'),
  })
})

it('what a client says of its TLS is passed on only where TLVs of clients are', () => {
  const facts = factsOf({ proxyHeader: { ...HEADER, tlvs: [{ type: 0xea, value: Buffer.from('y') }] } })
  expect(chosenFacts(facts, { version: 'v2', tlvs: ['ssl'] })).toMatchObject({ ssl: { version: 'TLSv1.2' } })
  expect(chosenFacts(facts, { version: 'v2', tlvs: ['ssl'] })).not.toHaveProperty('ssl.others')
  expect(chosenFacts(facts, { version: 'v2', tlvs: ['ssl'] })).not.toHaveProperty('others')
  const all = chosenFacts(facts, { version: 'v2', tlvs: ['ssl', 'fromClient'] })
  expect(all).toMatchObject({ ssl: SSL, others: [{ type: 0xea }] })
})
