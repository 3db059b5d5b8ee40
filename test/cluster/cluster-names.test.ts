/** Clusters whose backends have host names. */
import { expect, test, vi } from 'vitest'
import { type Address, parseAddress } from '../../src/address.js'
import type { ClusterHooks } from '../../src/cluster/cluster.js'
import type { Expansion } from '../../src/cluster/names/cluster-names.js'
import type { ClusterOptions } from '../../src/cluster/options.js'
import {
  A,
  B,
  BALANCED,
  clusterOf,
  dial,
  dns,
  engine,
  failName,
  outcomeNow,
  QUICK,
  resolveName,
  states,
  turn,
  useScriptedClusters,
} from './cluster-rig.js'

useScriptedClusters()

test('a cluster dials a backend whose name has no answer yet after the others', async () => {
  const cluster = clusterOf(['db.example:80', B])
  for (let i = 0; i < 3; i++) expect(await dial(cluster)).toMatchObject({ backend: { name: B }, retries: 0 })
  resolveName('db.example', '10.0.0.9')
  await dial(cluster)
  await dial(cluster)
  expect(engine.dialled).toContain('10.0.0.9:80')
})

test('a dial waits for the first answer if there is no other backend', async () => {
  const cluster = clusterOf(['db.example:80', 'db.example:81'])
  const results = Promise.all([dial(cluster), dial(cluster)])
  await turn()
  expect(engine.dialled).toEqual([])
  resolveName('db.example', '10.0.0.9')
  expect((await results).map((result) => result.error)).toEqual([undefined, undefined])
  expect(engine.dialled).toEqual(['10.0.0.9:80', '10.0.0.9:81'])
})

test('a dial that waits for a name fails with ENOTFOUND, or with ETIMEDOUT after connectMs', async () => {
  const cluster = clusterOf(['db.example:80'])
  const late = dial(cluster)
  await turn()
  vi.advanceTimersByTime(1000)
  expect(await late).toEqual({ error: 'ETIMEDOUT', backend: undefined, retries: 0 })
  const early = dial(cluster)
  failName('db.example')
  expect(await early).toEqual({ error: 'ENOTFOUND', backend: undefined, retries: 0 })
  expect(states(cluster)).toEqual(['unresolved'])
})

test('a dial that waits for two names takes the first answer, and one failure does not end it', async () => {
  const cluster = clusterOf(['one.example:80', 'two.example:80'])
  const result = dial(cluster)
  failName('one.example')
  await turn()
  resolveName('two.example', '10.0.0.9')
  expect(await result).toMatchObject({ backend: { name: 'two.example:80' }, retries: 0 })
})

test('a dial does not retry a failed backend when the name of another gets its answer', async () => {
  const cluster = clusterOf([A, 'db.example:80'])
  engine.outcomes.set(A, 'ECONNREFUSED')
  const result = dial(cluster)
  await turn()
  resolveName('db.example', '10.0.0.9')
  expect(await result).toMatchObject({ backend: { name: 'db.example:80' }, retries: 1 })
  expect(engine.dialled).toEqual([A, '10.0.0.9:80'])
})

test('a dial does not wait for the refresh of a name that has an answer', async () => {
  const cluster = clusterOf(['db.example:80'])
  resolveName('db.example', '10.0.0.9')
  vi.advanceTimersByTime(30_000)
  engine.outcomes.set('10.0.0.9:80', 'ECONNREFUSED')
  expect(await outcomeNow(cluster)).toMatchObject({ error: 'ECONNREFUSED', retries: 0 })
})

test('a dial fails with EHOSTDOWN if the only backend with a name was taken out', async () => {
  const cluster = clusterOf(['db.example:80'])
  cluster.backend('db.example:80')!.set(1, 'drain')
  expect(await outcomeNow(cluster)).toEqual({ error: 'EHOSTDOWN', backend: undefined, retries: 0 })
})

test('a cluster that is retired fails the dials that wait for a name, and asks for no names', async () => {
  const cluster = clusterOf(['db.example:80', 'www.example:80'])
  const waiting = dial(cluster)
  resolveName('www.example', '10.0.0.9')
  await waiting
  engine.outcomes.set('10.0.0.9:80', 'ECONNREFUSED')
  const late = dial(cluster)
  await turn()
  dns.asked.length = 0
  cluster.retire()
  expect(await late).toMatchObject({ error: 'ECONNREFUSED' })
  vi.advanceTimersByTime(60_000)
  expect(dns.names).toEqual([])
})

test('a cluster asks no more for the name of a backend that has left', () => {
  const cluster = clusterOf(['db.example:80'])
  resolveName('db.example', '10.0.0.9')
  dns.asked.length = 0
  cluster.update({ ...BALANCED, backends: [{ address: parseAddress(A) as Address, weight: 1 }] })
  vi.advanceTimersByTime(60_000)
  expect(dns.names).toEqual([])
})

test('a dial with a connectMs of 0 waits for a name without end', async () => {
  const cluster = clusterOf(['db.example:80'])
  const result = dial(cluster, 0)
  vi.advanceTimersByTime(10_000_000)
  resolveName('db.example', '10.0.0.9')
  expect(await result).toMatchObject({ backend: { name: 'db.example:80' } })
})

test('a cluster keeps the last good answer when the refresh of a name fails', async () => {
  const cluster = clusterOf(['db.example:80'])
  resolveName('db.example', '10.0.0.9')
  vi.advanceTimersByTime(30_000)
  failName('db.example')
  expect(await dial(cluster)).toMatchObject({ address: { host: '10.0.0.9' } })
})

/** Whoever keeps the list of backends gives it to the cluster, as a proxy does. */
const following: ClusterHooks = {
  onFound: (backends, cluster) =>
    cluster.update({ ...BALANCED, health: QUICK, backends, expansions: [POOL] }),
}
const POOL: Expansion = { kind: 'host', name: 'pool.example', port: 80, weight: 1, tier: 0 }
const poolOf = (options: Partial<ClusterOptions> = {}) =>
  clusterOf([], following, { expansions: [POOL], ...options })

test('each address of an expanded name is a backend, and a dial waits for the first answer', async () => {
  const cluster = poolOf()
  const results = Promise.all([dial(cluster), dial(cluster)])
  await turn()
  expect(engine.dialled).toEqual([])
  resolveName('pool.example', '10.0.0.9', '10.0.0.8')
  await results
  expect(engine.dialled).toEqual(['10.0.0.8:80', '10.0.0.9:80'])
})

test('a dial to a cluster without a backend fails with ENOTFOUND when the name has no answer', async () => {
  const cluster = poolOf()
  const result = dial(cluster)
  failName('pool.example')
  expect(await result).toEqual({ error: 'ENOTFOUND', backend: undefined, retries: 0 })
})

test('an address that is gone gets no new connections, and its connections stay', async () => {
  const cluster = poolOf()
  resolveName('pool.example', '10.0.0.8', '10.0.0.9')
  await dial(cluster)
  vi.advanceTimersByTime(30_000)
  resolveName('pool.example', '10.0.0.9')
  for (let i = 0; i < 3; i++) expect(await dial(cluster)).toMatchObject({ address: { host: '10.0.0.9' } })
  expect(cluster.left).toMatchObject([{ name: '10.0.0.8:80', active: 1 }])
})

test('addresses of the first answer start with their full share, and later ones start slowly', () => {
  const slowStartMs = 60_000
  const cluster = clusterOf(
    [A],
    {
      onFound: (found, its) => {
        const backends = [{ address: parseAddress(A) as Address, weight: 1 }, ...found]
        its.update({ ...BALANCED, health: QUICK, slowStartMs, backends, expansions: [POOL] })
      },
    },
    { expansions: [POOL], slowStartMs },
  )
  resolveName('pool.example', '10.0.0.8')
  expect(cluster.backends.map(({ share }) => share)).toEqual([1, 1])
  vi.advanceTimersByTime(30_000)
  resolveName('pool.example', '10.0.0.8', '10.0.0.9')
  expect(cluster.backends.map(({ share }) => share)).toEqual([1, 1, 0.1])
})

test('a backend whose name means nothing any more is unresolved, and gets connections when it returns', async () => {
  const cluster = clusterOf(['db.example:80'])
  resolveName('db.example', '10.0.0.9')
  while (cluster.backends[0]!.endpoints.current !== undefined) {
    if (dns.asked.length === 0) vi.advanceTimersToNextTimer()
    else dns.empty('db.example')
  }
  expect(states(cluster)).toEqual(['unresolved'])
  expect(await outcomeNow(cluster)).toMatchObject({ error: 'ENOTFOUND' })
  vi.advanceTimersToNextTimer()
  resolveName('db.example', '10.0.0.9')
  expect(await dial(cluster)).toMatchObject({ address: { host: '10.0.0.9' } })
})
