/** Clients that wait for a place at the backends of a cluster: in which order they go on, and how the others end. */
import { expect, test, vi } from 'vitest'
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
import { verdictOf } from '../verdict-of.js'
import { Clients, QueuedClient } from './queue-rig.js'

useScriptedClusters()

const limited = (most: number, addresses = [A], more = {}) =>
  clusterOf(addresses, {}, { backends: backendsOf(addresses, most), limits: LIMITS, ...more })

test('a backend never has more connections than its limit, and clients go on when one ends', async () => {
  const clients = new Clients(limited(2))
  clients.come('a1', 'a2', 'a3', 'a4')
  await turn()
  expect(clients.served).toEqual(['a1', 'a2'])
  expect(clients.cluster.queue.length).toBe(2)
  clients.all[0]!.end()
  await turn()
  expect(clients.served).toEqual(['a1', 'a2', 'a3'])
  clients.all[1]!.end()
  clients.all[2]!.end()
  await turn()
  expect(clients.served).toEqual(['a1', 'a2', 'a3', 'a4'])
  expect(clients.cluster.queue.length).toBe(0)
})

test('a connect in progress has a place, too, and gives it back when it fails', async () => {
  engine.outcomes.set(A, 'never')
  const clients = new Clients(limited(1))
  clients.come('a1', 'b1')
  await turn()
  expect(engine.dialled).toEqual([A])
  engine.outcomes.set(A, '')
  engine.settle(A, 'ECONNREFUSED')
  await turn()
  expect([clients.served, clients.errors]).toEqual([['b1'], { a1: 'ECONNREFUSED' }])
})

test('sources have their turns one after the other', async () => {
  const clients = new Clients(limited(1))
  clients.come('x1', 'a1', 'a2', 'a3', 'b1', 'c1')
  const order: string[] = []
  for (let serving = clients.all[0]!; ; ) {
    await turn()
    serving.end()
    await turn()
    const next = clients.all.find(
      ({ name, result }) => result !== undefined && name !== 'x1' && !order.includes(name),
    )
    if (next === undefined) break
    order.push(next.name)
    serving = next
  }
  expect(order).toEqual(['a1', 'b1', 'c1', 'a2', 'a3'])
})

test('a new client does not overtake a waiting one, although a place is free at this moment', async () => {
  const clients = new Clients(limited(1))
  clients.come('a1', 'b1')
  await turn()
  clients.all[0]!.end()
  clients.come('c1')
  await turn()
  expect(clients.served).toEqual(['a1', 'b1'])
})

test('a client that leaves the queue takes no place, and the next one is served', async () => {
  const clients = new Clients(limited(1))
  clients.come('a1', 'b1', 'c1')
  await turn()
  clients.all[1]!.dialling.cancel()
  expect(clients.cluster.queue.length).toBe(1)
  clients.all[0]!.end()
  await turn()
  expect(clients.served).toEqual(['a1', 'c1'])
})

test('a client waits as long as queueMs says, and its wait is told', async () => {
  const clients = new Clients(limited(1))
  clients.come('a1', 'b1')
  await turn()
  vi.advanceTimersByTime(999)
  await turn()
  expect(clients.errors).toEqual({})
  expect(clients.all[1]!.dialling).toMatchObject({ queuedMs: 999, isQueued: true })
  expect(clients.cluster.queue.longestWaitMs).toBe(999)
  vi.advanceTimersByTime(1)
  await turn()
  expect(clients.errors).toEqual({ b1: 'QUEUE_TIMEOUT' })
  expect(clients.all[1]!.dialling).toMatchObject({ queuedMs: 1000 })
  expect(clients.cluster.queue.length).toBe(0)
})

test('queueMs: 0 lets clients wait for ever, and without limits they wait as long as a connect may take', async () => {
  const patient = new Clients(limited(1, [A], { limits: { ...LIMITS, queueMs: 0 } }))
  const usual = new Clients(limited(1, [B], { limits: undefined }))
  for (const clients of [patient, usual]) clients.come('a1', 'b1')
  await turn()
  vi.advanceTimersByTime(1000)
  await turn()
  expect([patient.errors, usual.errors]).toEqual([{}, { b1: 'QUEUE_TIMEOUT' }])
})

test('no more clients wait than queueLength says, and whenFull: refuse lets nobody wait', async () => {
  const short = new Clients(limited(1, [A], { limits: { ...LIMITS, queueLength: 1 } }))
  const refusing = new Clients(limited(1, [B], { limits: { ...LIMITS, whenFull: 'refuse' } }))
  for (const clients of [short, refusing]) clients.come('a1', 'b1', 'c1')
  await turn()
  expect([short.served, short.errors]).toEqual([['a1'], { c1: 'QUEUE_FULL' }])
  expect([refusing.served, refusing.errors]).toEqual([['a1'], { b1: 'QUEUE_FULL', c1: 'QUEUE_FULL' }])
})

test('a source that fills the queue makes room for other sources, until each has as many waiting clients', async () => {
  const clients = new Clients(limited(1, [A], { limits: { ...LIMITS, queueLength: 4 } }))
  clients.come('a0', 'a1', 'a2', 'a3', 'a4')
  await turn()
  vi.advanceTimersByTime(100)
  clients.come('b1', 'a5', 'b2', 'b3')
  await turn()
  expect(clients.errors).toEqual({ a4: 'QUEUE_FULL', a5: 'QUEUE_FULL', a3: 'QUEUE_FULL', b3: 'QUEUE_FULL' })
  expect([clients.all[4]!.dialling.queuedMs, clients.cluster.queue.length]).toEqual([100, 4])
  for (const name of ['a0', 'a1', 'b1', 'a2', 'b2']) {
    clients.all.find((each) => each.name === name)!.end()
    await turn()
  }
  expect(clients.served).toEqual(['a0', 'a1', 'a2', 'b1', 'b2'])
})

test('when all backends go down, clients that wait end at once', async () => {
  const clients = new Clients(limited(1))
  clients.come('a1', 'b1', 'c1')
  await turn()
  clients.cluster.checked(A, verdictOf(false))
  await turn()
  expect(clients.errors).toEqual({ b1: 'ALL_DOWN', c1: 'ALL_DOWN' })
})

test('with whenAllDown: wait they wait on, and go on in order when a backend works again', async () => {
  const cluster = limited(1, [A], { health: { ...QUICK, whenAllDown: 'wait' } })
  const clients = new Clients(cluster)
  clients.come('a1', 'b1', 'c1')
  await turn()
  cluster.checked(A, verdictOf(false))
  clients.all[0]!.end()
  await turn()
  expect([clients.served, clients.errors]).toEqual([['a1'], {}])
  cluster.checked(A, verdictOf(true))
  await turn()
  expect(clients.served).toEqual(['a1', 'b1'])
  expect(cluster.queue.length).toBe(1)
})

test('when an operator takes out the last backend, clients that wait end at once', async () => {
  const clients = new Clients(limited(1))
  clients.come('a1', 'b1')
  await turn()
  clients.cluster.close(clients.cluster.backends)
  await turn()
  expect(clients.errors).toEqual({ b1: 'EHOSTDOWN' })
})

test('a reload with a higher limit lets clients go on, and one with a lower limit ends no connection', async () => {
  const clients = new Clients(limited(2))
  clients.come('a1', 'a2', 'a3', 'a4', 'a5')
  await turn()
  const options = {
    balance: 'round-robin',
    hash: undefined,
    slowStartMs: 0,
    health: QUICK,
    limits: LIMITS,
  } as const
  clients.cluster.update({ ...options, backends: backendsOf([A], 3) })
  await turn()
  expect(clients.served).toEqual(['a1', 'a2', 'a3'])
  clients.cluster.update({ ...options, backends: backendsOf([A], 1) })
  for (const client of clients.all.slice(0, 2)) client.end()
  await turn()
  expect(clients.served).toEqual(['a1', 'a2', 'a3'])
  clients.all[2]!.end()
  await turn()
  expect(clients.served).toEqual(['a1', 'a2', 'a3', 'a4'])
  clients.cluster.update({ ...options, backends: backendsOf([A]) })
  await turn()
  expect(clients.served).toHaveLength(5)
})

test('a full backend is not picked while another one has room, and a full tier keeps its clients from later tiers', async () => {
  const backends = [...backendsOf([A], 1), ...backendsOf([B])]
  const beside = new Clients(clusterOf([], {}, { backends, balance: 'first' }))
  beside.come('a1', 'a2')
  await turn()
  expect(beside.all.map(({ backend }) => backend.name)).toEqual([A, B])
  const behind = new Clients(clusterOf([], {}, { backends: [backends[0]!, { ...backends[1]!, tier: 1 }] }))
  behind.come('a1', 'a2')
  await turn()
  expect(behind.served).toEqual(['a1'])
})

test('an attempt that failed at one backend waits for the others only', async () => {
  engine.outcomes.set(A, 'ECONNREFUSED')
  const cluster = limited(1, [A, B], { balance: 'first', health: { ...QUICK, eject: false } })
  const clients = new Clients(cluster)
  clients.come('a1')
  await turn()
  clients.come('b1', 'c1')
  await turn()
  expect([clients.served, cluster.queue.length]).toEqual([['a1'], 2])
  const { length } = engine.dialled
  await turn()
  expect(engine.dialled).toHaveLength(length)
  clients.all[0]!.end()
  await turn()
  expect(clients.served).toEqual(['a1', 'b1'])
  expect(clients.all[1]!.result).toMatchObject({ backend: { name: B }, retries: 1 })
})

test('a stop ends clients that wait', async () => {
  const clients = new Clients(limited(1))
  clients.come('a1', 'b1')
  await turn()
  clients.cluster.stop()
  await turn()
  expect(clients.errors).toEqual({ b1: 'ECANCELED' })
})

test('a client is told once that it waits', async () => {
  const clients = new Clients(limited(1))
  const [served, waits] = clients.come('a1', 'b1', 'c1')
  await turn()
  served!.end()
  await turn()
  expect([served!.timesQueued, waits!.timesQueued]).toEqual([0, 1])
})

test('a client waits while its cluster has reached a limit, and a refused one does not wait', async () => {
  const cluster = limited(0)
  let entry: 'in' | 'wait' | 'refused' = 'wait'
  const client = new QueuedClient(cluster, 'a1', () => entry)
  const next = new QueuedClient(cluster, 'b1', () => entry)
  await turn()
  expect([client.result, cluster.queue.length]).toEqual([undefined, 2])
  entry = 'in'
  cluster.queue.freed(cluster)
  await turn()
  expect([client, next].map(({ result }) => result?.backend?.name)).toEqual([A, A])
  entry = 'refused'
  const refused = new QueuedClient(cluster, 'c1', () => entry)
  await turn()
  expect(refused.result).toMatchObject({ error: 'REFUSED' })
})

test('the agent of a backend sets its limit', async () => {
  const clients = new Clients(limited(1))
  clients.come('a1', 'b1', 'c1')
  await turn()
  const words = { isUp: undefined, admin: undefined, weightPercent: undefined, reason: undefined }
  clients.cluster.agentSaid(A, { ...words, maxConnections: 2 })
  await turn()
  expect(clients.served).toEqual(['a1', 'b1'])
  expect(clients.cluster.backends[0]!.status(0).maxConnections).toBe(2)
})

test('a backend that starts slowly has a part of its limit, at least one connection, and the limit grows', async () => {
  const cluster = limited(10, [A], { slowStartMs: 10_000, limits: { ...LIMITS, queueMs: 0 } })
  cluster.backends[0]!.startSlowly()
  const clients = new Clients(cluster)
  clients.come('a1', 'a2', 'a3')
  await turn()
  expect(clients.served).toEqual(['a1'])
  vi.advanceTimersByTime(2100)
  await turn()
  expect(clients.served).toEqual(['a1', 'a2'])
})
