/** The queues of one cluster in two workers, which count in one table. */
import { expect, test, vi } from 'vitest'
import { OwnCountsTable } from '../../../src/limits/counts/own-counts.js'
import {
  A,
  B,
  backendsOf,
  clusterOf,
  engine,
  LIMITS,
  QUICK,
  turn,
  useScriptedClusters,
} from '../cluster-rig.js'
import { Clients } from './queue-rig.js'

useScriptedClusters()

function workers(most: number, limits = LIMITS): [Clients, Clients] {
  const table = new OwnCountsTable({ sources: 10 })
  const worker = (index: number): Clients =>
    new Clients(clusterOf([A], { counts: table.view(index) }, { backends: backendsOf([A], most), limits }))
  return [worker(0), worker(1)]
}

/** Both workers look for free places once. */
async function look(): Promise<void> {
  vi.advanceTimersByTime(14)
  await turn()
}

test('two workers together have no more connections than the limit of the backend', async () => {
  const [one, two] = workers(3)
  one.come('a1', 'a2')
  two.come('b1', 'b2')
  await turn()
  expect([one.served, two.served]).toEqual([['a1', 'a2'], ['b1']])
})

test('a client that waits in one worker gets the place that another worker frees', async () => {
  const [one, two] = workers(1)
  one.come('a1')
  await turn()
  two.come('b1')
  await turn()
  one.all[0]!.end()
  await look()
  expect(two.served).toEqual(['b1'])
})

test('a new client of a worker does not overtake those that wait in another one', async () => {
  const [one, two] = workers(1)
  one.come('a1')
  await turn()
  two.come('b1')
  await turn()
  one.all[0]!.end()
  one.come('a2')
  await turn()
  expect(one.served).toEqual(['a1'])
  await look()
  expect([
    one.served.length + two.served.length,
    one.cluster.queue.length + two.cluster.queue.length,
  ]).toEqual([2, 1])
})

test('a new client goes past those who wait for other backends, if all of them wait in its own worker', async () => {
  const table = new OwnCountsTable({ sources: 10 })
  const health = { ...QUICK, eject: false } as const
  const options = { backends: backendsOf([A, B], 1), limits: LIMITS, balance: 'first', health } as const
  const cluster = clusterOf([], { counts: table.view(0) }, options)
  engine.outcomes.set(A, 'ECONNREFUSED')
  const clients = new Clients(cluster)
  engine.outcomes.set(B, 'never')
  clients.come('a1', 'a2')
  await turn()
  expect([cluster.queue.length, engine.dialled]).toEqual([1, [A, B]])
  engine.outcomes.set(A, '')
  clients.come('b1')
  await turn()
  expect([clients.served, clients.all[2]!.timesQueued]).toEqual([['b1'], 0])
})

test('a worker whose connections end leaves places to those who wait in another worker', async () => {
  const [one, two] = workers(1, { ...LIMITS, queueMs: 0 })
  one.come(...Array.from({ length: 20 }, () => 'a'))
  await turn()
  two.come(...Array.from({ length: 20 }, () => 'b'))
  await turn()
  for (let round = 0; round < 15; ++round) {
    const serving = [...one.all, ...two.all].find(
      ({ result }) => result?.backend !== undefined && result.backend.active > 0,
    )
    serving!.end()
    await turn()
    await look()
  }
  expect(one.served.length + two.served.length).toBe(16)
  expect(two.served.length).toBeGreaterThanOrEqual(4)
})

test('queueLength counts those who wait in all workers', async () => {
  const [one, two] = workers(1, { ...LIMITS, queueLength: 2 })
  one.come('a1', 'a2')
  await turn()
  two.come('b1', 'b2')
  await turn()
  expect([one.errors, two.errors]).toEqual([{}, { b2: 'QUEUE_FULL' }])
})

test('in a full queue each worker makes room among its own clients, and all of them stay within queueLength', async () => {
  const [one, two] = workers(1, { ...LIMITS, queueLength: 3 })
  one.come('a0', 'a1', 'a2', 'a3')
  await turn()
  two.come('b1')
  one.come('c1', 'c2')
  await turn()
  expect([one.errors, two.errors]).toEqual([{ a3: 'QUEUE_FULL', c2: 'QUEUE_FULL' }, { b1: 'QUEUE_FULL' }])
  one.all[1]!.dialling.cancel()
  two.come('b2', 'b3')
  await turn()
  expect([one.cluster.queue.length, two.cluster.queue.length, two.errors]).toEqual([
    2,
    1,
    { b1: 'QUEUE_FULL', b3: 'QUEUE_FULL' },
  ])
})

test('workers that do not count together have a part of queueLength each', async () => {
  const worker = (index: number): Clients => {
    const counts = new OwnCountsTable({ sources: 10, part: { worker: index, workers: 2 } }).view(0)
    const backends = backendsOf([A], 2)
    return new Clients(clusterOf([A], { counts }, { backends, limits: { ...LIMITS, queueLength: 3 } }))
  }
  const both = [worker(0), worker(1)]
  for (const each of both) each.come('a0', 'a1', 'a2', 'a3')
  await turn()
  expect(both.map(({ errors }) => Object.keys(errors))).toEqual([['a3'], ['a2', 'a3']])
  both[0]!.all[1]!.dialling.cancel()
  both[0]!.come('a4', 'a5')
  await turn()
  expect(Object.keys(both[0]!.errors)).toEqual(['a3', 'a5'])
})

test('nobody looks for places any more when nobody waits', async () => {
  const [one] = workers(1)
  const [, waits] = one.come('a1', 'a2')
  await turn()
  expect(vi.getTimerCount()).toBeGreaterThan(0)
  waits!.dialling.cancel()
  expect(vi.getTimerCount()).toBe(0)
})
