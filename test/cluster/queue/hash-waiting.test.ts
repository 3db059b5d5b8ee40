/** Clients of a cluster with `balance: hash` whose own backend is full. */
import { expect, test } from 'vitest'
import type { Cluster } from '../../../src/cluster/cluster.js'
import { A, B, backendsOf, clusterOf, LIMITS, turn, useScriptedClusters } from '../cluster-rig.js'
import { QueuedClient } from './queue-rig.js'

useScriptedClusters()

const hashed = (boundedLoad: number, queueLength = 0): Cluster =>
  clusterOf(
    [],
    {},
    {
      backends: backendsOf([A, B], 1),
      balance: 'hash',
      hash: { key: { from: 'route' }, table: 'rendezvous', boundedLoad },
      limits: { ...LIMITS, queueLength },
    },
  )

const come = (cluster: Cluster, name: string, key?: string): QueuedClient =>
  new QueuedClient(cluster, name, undefined, key)

/** Keys of which the first belongs to A, and the second to B. */
async function keysOf(boundedLoad: number): Promise<[string, string]> {
  const found = new Map<string, string>()
  for (let index = 0; found.size < 2; ++index) {
    const client = come(hashed(boundedLoad), 'a', `key ${index}`)
    await turn()
    found.set(client.backend.name, `key ${index}`)
  }
  return [found.get(A)!, found.get(B)!]
}

test('a client waits for the backend of its key, although another backend has room', async () => {
  const [ofA, ofB] = await keysOf(0)
  const cluster = hashed(0)
  const first = come(cluster, 'a', ofA)
  const waits = come(cluster, 'b', ofA)
  await turn()
  expect([first.backend.name, waits.result]).toEqual([A, undefined])
  expect(cluster.queue.waitingFor()).toEqual(new Map([[cluster.backend(A), 1]]))
  const other = come(cluster, 'c', ofB)
  await turn()
  expect(other.backend.name).toBe(B)
  other.end()
  await turn()
  expect(waits.result).toBeUndefined()
  first.end()
  await turn()
  expect(waits.backend.name).toBe(A)
})

test('a client whose own backend has room goes past a full queue, and nobody makes room for it', async () => {
  const [ofA, ofB] = await keysOf(0)
  const cluster = hashed(0, 2)
  const [first, ...waiting] = ['a', 'b', 'b'].map((name) => come(cluster, name, ofA))
  await turn()
  const other = come(cluster, 'c', ofB)
  await turn()
  expect([first!.backend.name, other.backend.name, cluster.queue.length]).toEqual([A, B, 2])
  expect([other.timesQueued, other.dialling.queuedMs]).toEqual([0, undefined])
  const late = come(cluster, 'b', ofB)
  await turn()
  expect([late.result?.error, ...waiting.map(({ result }) => result)]).toEqual([
    'QUEUE_FULL',
    undefined,
    undefined,
  ])
})

test('a client without the key gets any backend that has room', async () => {
  const [ofA] = await keysOf(0)
  const cluster = hashed(0)
  const clients = [come(cluster, 'a', ofA), come(cluster, 'b'), come(cluster, 'c')]
  await turn()
  expect(clients.map(({ result }) => result?.backend?.name)).toEqual([A, B, undefined])
  clients[0]!.end()
  await turn()
  expect(clients[2]!.backend.name).toBe(A)
})

test('with boundedLoad a client goes on to the next backend, and waits only when all are full', async () => {
  const [ofA] = await keysOf(100)
  const cluster = hashed(100)
  const clients = ['a', 'b', 'c'].map((name) => come(cluster, name, ofA))
  await turn()
  expect(clients.map(({ result }) => result?.backend?.name)).toEqual([A, B, undefined])
  clients[1]!.end()
  await turn()
  expect(clients[2]!.backend.name).toBe(B)
})

test('when the backend of a key goes down, those who wait for it go to the next one in the order of the key', async () => {
  const [ofA] = await keysOf(0)
  const cluster = hashed(0)
  come(cluster, 'a', ofA)
  const waits = come(cluster, 'b', ofA)
  await turn()
  cluster.set(cluster.backend(A)!, 1, 'drain')
  await turn()
  expect(waits.backend.name).toBe(B)
})
