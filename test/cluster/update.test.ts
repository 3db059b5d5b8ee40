/** A cluster that gets another config: which backends stay, leave and return. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Address, parseAddress } from '../../src/address.js'
import { Cluster } from '../../src/cluster/cluster.js'
import type { DialResult } from '../../src/cluster/dial.js'
import { DnsNames } from '../../src/cluster/names/dns-names.js'
import type { ClusterOptions } from '../../src/cluster/options.js'
import { BALANCED, QUICK } from './cluster-rig.js'
import { ScriptedDns, SETTINGS } from './names/scripted-dns.js'
import { requestOf } from './requests.js'
import { ScriptedEngine } from './scripted-engine.js'

const A = '10.0.0.1:80'
const B = '10.0.0.2:80'
const C = '10.0.0.3:80'

let engine: ScriptedEngine
let cluster: Cluster
let dns: ScriptedDns

beforeEach(() => {
  engine = new ScriptedEngine()
  dns = new ScriptedDns()
})
afterEach(() => cluster.stop())

const options = (...addresses: string[]): ClusterOptions => ({
  ...BALANCED,
  health: QUICK,
  backends: addresses.map((text) => ({ address: parseAddress(text) as Address, weight: 1 })),
})

function start(...addresses: string[]): void {
  const names = new DnsNames(SETTINGS, { createClient: () => dns })
  cluster = new Cluster('test', options(...addresses), engine, { names })
  cluster.start()
}

const dial = (): Promise<DialResult> => new Promise((resolve) => cluster.dial(requestOf(1000), resolve))
const namesOf = (backends: readonly { readonly name: string }[]) => backends.map(({ name }) => name)

test('a cluster gives a backend that left no connections, and keeps its counts for its return', async () => {
  start(A, B)
  expect((await dial()).backend?.name).toBe(A)
  cluster.backend(A)!.set(1, 'drain')
  cluster.update(options(B))
  expect([namesOf(cluster.backends), namesOf(cluster.left)]).toEqual([[B], [A]])
  expect((await dial()).backend?.name).toBe(B)
  expect((await dial()).backend?.name).toBe(B)
  cluster.update(options(A))
  expect([namesOf(cluster.backends), namesOf(cluster.left)]).toEqual([[A], [B]])
  expect(cluster.status().backends).toMatchObject([{ address: A, setTo: 'up', active: 1, connections: 1 }])
  expect((await dial()).backend?.name).toBe(A)
})

test('a backend that returns to its cluster does not rest for earlier failures', async () => {
  start(A, B)
  engine.outcomes.set(A, 'ECONNREFUSED')
  await dial()
  expect(cluster.backend(A)?.health.isDown(performance.now())).toBe(true)
  cluster.update(options(B))
  cluster.update(options(A, B))
  expect(cluster.status().backends[0]).toMatchObject({ address: A, state: 'up', restingMs: 0, failures: 1 })
})

test('a retired cluster that gets a config again resolves its names again', async () => {
  start('db.example:80', B)
  cluster.retire()
  expect(dns.names).toEqual([])
  cluster.update(options('db.example:80', C))
  expect(dns.names).toEqual(['db.example'])
  expect(namesOf(cluster.backends)).toEqual(['db.example:80', C])
  expect(namesOf(cluster.left)).toEqual([B])
  cluster.retire()
  expect(dns.names).toEqual([])
  cluster.update(options('db.example:80', C))
  expect(namesOf(cluster.left)).toEqual([B])
})

test('a retired cluster that returns has no backends of before while its names have no answer', () => {
  const expanding: ClusterOptions = {
    ...options(),
    expansions: [
      { kind: 'host', name: 'one.example', port: 80, weight: 1, tier: 0 },
      { kind: 'host', name: 'two.example', port: 80, weight: 1, tier: 0 },
    ],
  }
  let isOriginal: unknown[] = []
  const names = new DnsNames(SETTINGS, { createClient: () => dns })
  cluster = new Cluster('test', expanding, engine, {
    names,
    onFound: (backends) => {
      isOriginal = backends.map((each) => each.isOriginal)
      cluster.update({ ...expanding, backends })
    },
  })
  cluster.start()
  dns.found('one.example', ['10.0.0.1'])
  dns.found('two.example', ['10.0.0.2'])
  expect(namesOf(cluster.backends)).toEqual([A, B])
  cluster.retire()
  cluster.update(expanding)
  expect([namesOf(cluster.backends), namesOf(cluster.left)]).toEqual([[], [A, B]])
  dns.found('two.example', ['10.0.0.2'])
  dns.found('one.example', ['10.0.0.1'])
  expect(namesOf(cluster.backends)).toEqual([A, B])
  expect(isOriginal).toEqual([true, true])
})

test('a cluster keeps 100 backends that left, and each one that still has connections', async () => {
  start(A)
  await dial()
  for (let port = 1; port <= 120; port++) cluster.update(options(`10.0.0.9:${port}`))
  expect(cluster.left).toHaveLength(100)
  expect(cluster.backend(A)).toMatchObject({ active: 1 })
  expect(cluster.backend('10.0.0.9:1')).toBeUndefined()
  expect(cluster.isInUse).toBe(true)
  cluster.backend(A)!.release()
  expect(cluster.isInUse).toBe(false)
})

test('a cluster resolves the names of new backends, and dials that wait get them', async () => {
  start()
  cluster.update(options('db.example:80'))
  const waiting = dial()
  cluster.update(options('db.example:80', C, 'other.example:80'))
  expect((await waiting).backend?.name).toBe(C)
  expect(dns.names).toEqual(['db.example', 'other.example'])
})
