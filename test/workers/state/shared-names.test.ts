import { beforeEach, expect, test, vi } from 'vitest'
import { formatAddress } from '../../../src/address.js'
import type { BackendOptions } from '../../../src/cluster/members.js'
import { DnsNames } from '../../../src/cluster/names/dns-names.js'
import type { ToldName } from '../../../src/cluster/names/told-names.js'
import { validateConfig } from '../../../src/config/validate.js'
import type { ToWorker } from '../../../src/workers/messages.js'
import type { WorkerChannel } from '../../../src/workers/slots/worker-channel.js'
import { SharedNames } from '../../../src/workers/state/shared-names.js'
import { ScriptedDns } from '../../cluster/names/scripted-dns.js'

let dns: ScriptedDns
let names: SharedNames
let told: [slot: number, ToldName][]
let provided: [cluster: string, addresses: string[]][]
const found = vi.fn()

const POOL = { address: 'pool.test:80', expand: 'all' }
const configOf = (clusters: object, more: object = {}) =>
  validateConfig({ listeners: [{ address: '127.0.0.1:1', cluster: 'web' }], clusters, ...more })

beforeEach(() => {
  dns = new ScriptedDns()
  told = []
  provided = []
  found.mockClear()
  const config = configOf({ web: { backends: ['10.0.0.1:1'] } })
  const send = (slot: number) => (message: ToWorker) => {
    if (message.kind === 'names') for (const name of message.names) told.push([slot, name])
  }
  const workers = [0, 1].map((slot) => ({ slot, send: send(slot) }) as WorkerChannel)
  const catalogue = {
    provide: (cluster: string, _: string, backends: readonly BackendOptions[]) =>
      provided.push([cluster, backends.map(({ address }) => formatAddress(address))]),
  }
  names = new SharedNames(new DnsNames(config.names, { createClient: () => dns }), config.names, {
    catalogue,
    workers: () => workers,
    found,
  })
  return () => names.stop()
})

const placesIn = (list: readonly ToldName[]) =>
  list.map(({ name, meaning }) => [name.name, meaning?.places?.map(({ ip }) => ip)])

test('each name of a config is asked for once, and all workers are told each change', () => {
  names.follow(configOf({ web: { backends: ['db.test:1', 'db.test:2', POOL] }, other: { backends: [POOL] } }))
  expect(dns.names).toEqual(['db.test', 'pool.test'])
  dns.found('pool.test', ['10.0.0.8'])
  expect(told.map(([slot]) => slot)).toEqual([0, 1])
  expect(placesIn(told.map(([, name]) => name))).toEqual([
    ['pool.test', ['10.0.0.8']],
    ['pool.test', ['10.0.0.8']],
  ])
})

test('the catalogue has the backends of expanded names before anybody is told of a change in it', () => {
  names.follow(configOf({ web: { backends: [POOL] } }))
  dns.found('pool.test', ['10.0.0.9', '10.0.0.8'])
  expect(provided).toEqual([['web', ['10.0.0.8:80', '10.0.0.9:80']]])
  expect(found).toHaveBeenCalledTimes(1)
})

test('a worker that comes later gets what is known', () => {
  names.follow(configOf({ web: { backends: ['db.test:1', POOL] } }))
  dns.found('pool.test', ['10.0.0.8'])
  expect(placesIn(names.greet())).toEqual([
    ['db.test', undefined],
    ['pool.test', ['10.0.0.8']],
  ])
})

test('names that a reload removes are told until no worker uses them any more', () => {
  names.follow(configOf({ web: { backends: ['db.test:1', POOL] } }))
  dns.found('pool.test', ['10.0.0.8'])
  told = []
  names.follow(configOf({ web: { backends: ['db.test:1'] } }))
  expect(provided.at(-1)).toEqual(['web', []])
  expect(placesIn(told.map(([, name]) => name))).toEqual([])
  names.forget()
  expect(told).toEqual([
    [0, { name: { kind: 'host', name: 'pool.test' }, meaning: undefined }],
    [1, { name: { kind: 'host', name: 'pool.test' }, meaning: undefined }],
  ])
  expect(names.status().map(({ name }) => name)).toEqual(['db.test'])
})

test('a name that a reload takes to another cluster is not asked for again', () => {
  names.follow(configOf({ web: { backends: [POOL] } }))
  dns.found('pool.test', ['10.0.0.8'])
  names.follow(configOf({ web: { backends: ['10.0.0.1:1'] }, other: { backends: [POOL] } }))
  names.forget()
  expect(dns.names).toEqual([])
  expect(provided.slice(-2)).toEqual([
    ['web', []],
    ['other', ['10.0.0.8:80']],
  ])
})

test('other settings have all names asked for again', () => {
  names.follow(configOf({ web: { backends: ['db.test:1'] } }))
  dns.found('db.test', ['10.0.0.8'])
  names.follow(configOf({ web: { backends: ['db.test:1'] } }, { names: { minTtlMs: '2s' } }))
  expect(dns.names).toEqual(['db.test'])
  expect(placesIn(names.greet())).toEqual([['db.test', ['10.0.0.8']]])
})

test('names behind a forward proxy, and names that clients ask for, are not resolved', () => {
  const clusters = {
    web: { backends: ['db.test:1'], via: 'socks5://proxy.test:1080' },
    out: { dial: { server: 'sni', allow: ['www.test'] } },
  }
  names.follow(configOf(clusters))
  expect(dns.names).toEqual(['proxy.test'])
})

test('after a stop nobody is asked', () => {
  names.follow(configOf({ web: { backends: ['db.test:1', POOL] } }))
  names.stop()
  expect(dns.names).toEqual([])
})
