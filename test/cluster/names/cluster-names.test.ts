import { beforeEach, expect, test } from 'vitest'
import { formatAddress } from '../../../src/address.js'
import { ClusterNames, type Expansion, type FoundBackend } from '../../../src/cluster/names/cluster-names.js'
import type { Name, Place } from '../../../src/cluster/names/provider.js'
import { ToldNames } from '../../../src/cluster/names/told-names.js'
import { ScriptedDns, SETTINGS } from './scripted-dns.js'

const POOL: Expansion = { kind: 'host', name: 'pool.example', port: 80, weight: 2, tier: 1 }
const OTHER: Expansion = { kind: 'host', name: 'other.example', port: 80, weight: 1, tier: 0 }
const SRV: Expansion = { kind: 'srv', name: '_pg._tcp.example' }

let provider: ToldNames
let names: ClusterNames
let found: (readonly FoundBackend[])[]
let told: unknown[]

beforeEach(() => {
  provider = new ToldNames(SETTINGS, { createClient: () => new ScriptedDns() })
  found = []
  told = []
  names = new ClusterNames(provider, {
    resolved: (ips) => told.push(...ips),
    found: (backends) => found.push(backends),
    unanswered: () => told.push('unanswered'),
  })
})

function means(name: Name, places: readonly (string | Place)[] | undefined): void {
  const all = places?.map((place) => (typeof place === 'string' ? { ip: place, host: name.name } : place))
  provider.hear([{ name, meaning: { places: all, isAsking: false, error: undefined } }])
}

const host = (name: string): Name => ({ kind: 'host', name })
const pool = (...ips: string[]): void => means(host('pool.example'), ips)
const addresses = (backends: readonly FoundBackend[] = []) =>
  backends.map(({ address }) => formatAddress(address))
const originals = (backends: readonly FoundBackend[] = []) =>
  addresses(backends.filter(({ isOriginal }) => isOriginal))

test('each address of an expanded name is a backend with the port, the weight and the tier of the name', () => {
  names.update([], [POOL])
  expect(found).toEqual([])
  pool('10.0.0.2', '10.0.0.1', '::1')
  expect(addresses(found[0])).toEqual(['10.0.0.1:80', '10.0.0.2:80', '[::1]:80'])
  expect(found[0]?.[0]).toMatchObject({ weight: 2, tier: 1, host: 'pool.example' })
})

test('each place of a service is a backend with its own port, weight, tier and host', () => {
  names.update([], [SRV])
  const service = { port: 5432, weight: 60, tier: 10 }
  means({ kind: 'srv', name: SRV.name }, [{ ip: '10.0.0.1', host: 'a.example', service }])
  const address = { kind: 'tcp', host: '10.0.0.1', port: 5432 }
  expect(found).toEqual([
    [{ address, weight: 60, tier: 10, maxConnections: 0, host: 'a.example', isOriginal: true }],
  ])
})

test('an answer in another order is not told', () => {
  names.update([], [POOL])
  pool('10.0.0.1', '10.0.0.2')
  pool('10.0.0.2', '10.0.0.1')
  expect(found.length).toBe(1)
})

test('an address that two names have is one backend, and the first name decides about it', () => {
  names.update([], [OTHER, POOL])
  pool('10.0.0.1')
  means(host('other.example'), ['10.0.0.1', '10.0.0.2'])
  expect(addresses(found.at(-1))).toEqual(['10.0.0.1:80', '10.0.0.2:80'])
  expect(found.at(-1)?.[0]).toMatchObject({ weight: 1, host: 'other.example' })
})

test('the backends of the first answer of each name are original, and those that come later are not', () => {
  names.update([], [POOL, OTHER])
  pool('10.0.0.1')
  means(host('other.example'), ['10.0.0.9'])
  expect(originals(found.at(-1))).toEqual(['10.0.0.1:80', '10.0.0.9:80'])
  pool('10.0.0.1', '10.0.0.2')
  expect(originals(found.at(-1))).toEqual(['10.0.0.1:80', '10.0.0.9:80'])
  pool('10.0.0.2')
  pool('10.0.0.1', '10.0.0.2')
  expect(originals(found.at(-1))).toEqual(['10.0.0.9:80'])
})

test('the backends of a name that a reload adds are not original', () => {
  names.update([], [POOL])
  pool('10.0.0.1')
  names.update([], [POOL, OTHER])
  means(host('other.example'), ['10.0.0.9'])
  expect(originals(found.at(-1))).toEqual(['10.0.0.1:80'])
})

test('a name that is known already is told at once', () => {
  pool('10.0.0.1')
  means(host('db.example'), ['10.0.0.5'])
  names.update(['db.example'], [POOL])
  expect(addresses(found[0])).toEqual(['10.0.0.1:80'])
  expect(originals(found[0])).toEqual(['10.0.0.1:80'])
  expect(told).toEqual([['db.example', ['10.0.0.5']]])
})

test('a name that leaves the config takes its backends along, and is asked for no more', () => {
  names.update(['db.example'], [POOL])
  pool('10.0.0.1')
  names.update([], [])
  expect(found.at(-1)).toEqual([])
  expect(provider.status()).toEqual([])
})

test('a name that means nothing any more has no backends', () => {
  names.update([], [POOL])
  pool('10.0.0.1')
  pool()
  expect(found.at(-1)).toEqual([])
})

test('after a stop nothing is told, and after another begin everything is', () => {
  names.update([], [POOL])
  pool('10.0.0.1')
  names.stop()
  pool('10.0.0.2')
  expect(found.length).toBe(1)
  names.update([], [POOL])
  expect(addresses(found[1])).toEqual(['10.0.0.2:80'])
})

test('an answer is awaited until there is one, or until the next question comes after a pause', () => {
  names.update(['db.example'], [POOL])
  expect([names.isResolving('db.example'), names.isDiscovering]).toEqual([true, true])
  means(host('db.example'), undefined)
  pool('10.0.0.1')
  expect([names.isResolving('db.example'), names.isDiscovering]).toEqual([false, false])
  expect(names.isResolving('www.example')).toBe(false)
  expect(told).toEqual(['unanswered'])
})

test('another backend of a known host is told its addresses at the next update', () => {
  names.update(['db.example'], [])
  means(host('db.example'), ['10.0.0.5'])
  names.update(['db.example'], [])
  expect(told).toEqual([
    ['db.example', ['10.0.0.5']],
    ['db.example', ['10.0.0.5']],
  ])
})
