/** How a config says which backend a connection goes to, and what is said of what does not go together. */
import { describe, expect, it } from 'vitest'
import { BALANCERS } from '../../src/cluster/balance/rules.js'
import { BALANCE_RULES } from '../../src/config/schemas/balance-schema.js'
import { validateConfig } from '../../src/config/validate.js'
import { problemsIn } from './config-file.js'

const configOf = (cluster: object, listener: object = {}) =>
  validateConfig({
    listeners: [{ name: 'front', address: '127.0.0.1:1', cluster: 'web', ...listener }],
    clusters: { web: { backends: ['127.0.0.1:2'], ...cluster } },
  })

const problemsOf = (cluster: object, listener: object = {}): string[] =>
  problemsIn(() => configOf(cluster, listener))

const http = { protocol: 'http' }
const hashBy = (key: string, more: object = {}) => ({ balance: 'hash', hash: { key, ...more } })

it('the config knows every rule that a cluster can follow', () => {
  expect(BALANCE_RULES).toEqual(Object.keys(BALANCERS))
})

describe('the hash of a cluster', () => {
  it.each([
    ['source', {}, { from: 'source', ipv4Bits: 32, ipv6Bits: 128 }],
    ['source/24', {}, { from: 'source', ipv4Bits: 24, ipv6Bits: 64 }],
    ['source/16/56', {}, { from: 'source', ipv4Bits: 16, ipv6Bits: 56 }],
    ['sni', {}, { from: 'sni' }],
    ['host', http, { from: 'host' }],
    ['cookie:JSESSIONID', http, { from: 'cookie', name: 'JSESSIONID' }],
    ['header:X-User', http, { from: 'header', name: 'x-user' }],
    ['query:sid', http, { from: 'query', name: 'sid' }],
    ['tlv:0xEA', { acceptProxy: { from: '10.0.0.0/8' } }, { from: 'tlv', type: 0xea }],
    ['tlv:authority', { acceptProxy: { from: '10.0.0.0/8' } }, { from: 'tlv', type: 2 }],
  ])('can be by %s', (key, listener, expected) => {
    expect(configOf(hashBy(key), listener).clusters.web!.hash?.key).toEqual(expected)
  })

  it('is by the address of the client if nothing is said, and there is none with another rule', () => {
    expect(configOf({ balance: 'hash' }).clusters.web!.hash).toEqual({
      key: { from: 'source', ipv4Bits: 32, ipv6Bits: 128 },
      table: 'rendezvous',
      boundedLoad: 0,
    })
    expect(configOf({}).clusters.web).toMatchObject({ balance: 'round-robin', hash: undefined })
  })

  it.each([
    ['sources', 'did you mean "source"?'],
    ['source/33', 'expected 1 to 32 bits of IPv4'],
    ['source/24/0', 'and 1 to 128 of IPv6'],
    ['cookie', 'expected a key of the connection'],
    ['cookie:a b', 'expected cookie: and a name, such as cookie:session, found "cookie:a b"'],
    ['query:', 'expected query: and a name'],
    ['tlv:234', 'expected tlv: and a type, such as tlv:0xea or tlv:authority, found "tlv:234"'],
  ])('cannot be by %s', (key, message) => {
    const listener = { ...http, acceptProxy: { from: '10.0.0.0/8' } }
    expect(problemsOf(hashBy(key), listener)).toEqual([expect.stringContaining(message)])
  })

  it.each([
    ['host', {}, '"host" is never known at listeners[0]: add "protocol: http" there, or write "source"'],
    ['query:sid', {}, '"query:sid" is never known at listeners[0]: add "protocol: http" there'],
    ['tlv:0xea', {}, '"tlv:0xea" is never known at listeners[0]: add "acceptProxy" there'],
    ['sni', http, '"sni" is never known at listeners[0]: add "tls", because plain HTTP has no ClientHello'],
    ['route', {}, '"route" is never known at listeners[0]: add a "route" function'],
  ])('by %s is an error where no connection has that', (key, listener, message) => {
    expect(problemsOf(hashBy(key), listener)).toEqual([
      expect.stringContaining(`clusters.web.hash.key: ${message}`),
    ])
  })

  it('is an error with another rule, and so are a bad table and a bound below 1.01', () => {
    expect(problemsOf({ balance: 'p2c', hash: { key: 'source' } })).toEqual([
      'clusters.web.hash: works only with "balance: hash": add that, or remove this key',
    ])
    expect(problemsOf(hashBy('source', { table: 'ring', boundedLoad: 1 }))).toEqual([
      'clusters.web.hash.table: expected one of "rendezvous", "maglev", found "ring"',
      'clusters.web.hash.boundedLoad: expected a number from 1.01 to 100, or 0 for no limit, found 1',
    ])
  })
})

describe('a backend', () => {
  const tiersOf = (...backends: unknown[]) =>
    configOf({ backends }).clusters.web!.backends.map(({ tier }) => tier)

  it('is in the first tier, in the tier it names, or as a backup in the tier after all others', () => {
    expect(
      tiersOf('127.0.0.1:2', { address: '127.0.0.1:3', tier: 99 }, { address: '127.0.0.1:4', backup: true }),
    ).toEqual([0, 99, 100])
  })

  it('of weight 0 is allowed: it gets no new connections', () => {
    expect(
      configOf({ backends: [{ address: '127.0.0.1:2', weight: 0 }] }).clusters.web!.backends,
    ).toMatchObject([{ weight: 0 }])
  })

  it('cannot be a backup in a tier', () => {
    expect(problemsOf({ backends: [{ address: '127.0.0.1:2', tier: 1, backup: true }] })).toEqual([
      'clusters.web.backends[0].tier: a backend cannot have both "tier" and "backup": remove one',
    ])
  })
})
