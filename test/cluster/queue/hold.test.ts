/** A cluster that an operator holds. */
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
import { Clients } from './queue-rig.js'

useScriptedClusters()

const held = async (): Promise<Clients> => {
  const clients = new Clients(clusterOf([A], {}, { limits: LIMITS }))
  clients.come('x1')
  await turn()
  clients.cluster.queue.hold(30_000)
  return clients
}

test('new clients of a held cluster wait, those that are there go on, and all go on in order after the release', async () => {
  const clients = await held()
  clients.come('a1', 'a2', 'b1')
  await turn()
  expect([clients.served, clients.all[0]!.backend.active, clients.cluster.queue.length]).toEqual([
    ['x1'],
    1,
    3,
  ])
  const order: string[] = []
  for (const client of clients.all.slice(1)) {
    const { dialling } = client
    expect(dialling).toMatchObject({ isQueued: true })
  }
  clients.cluster.queue.release()
  await turn()
  order.push(...clients.served)
  expect(order).toEqual(['x1', 'a1', 'a2', 'b1'])
})

test('a hold ends by itself after its time, however long clients usually wait', async () => {
  const clients = await held()
  clients.come('a1')
  await turn()
  vi.advanceTimersByTime(29_999)
  await turn()
  expect([clients.served, clients.errors]).toEqual([['x1'], {}])
  expect(clients.cluster.queue.heldMs).toBe(1)
  vi.advanceTimersByTime(1)
  await turn()
  expect([clients.served, clients.cluster.queue.heldMs]).toEqual([['x1', 'a1'], undefined])
})

test('backends that go down and come back during a hold are noticed by nobody who waits', async () => {
  const clients = await held()
  clients.come('a1')
  clients.cluster.checked(A, verdictOf(false))
  clients.cluster.set(clients.cluster.backends[0]!, 1, 'maint')
  await turn()
  clients.cluster.set(clients.cluster.backends[0]!, 1, 'up')
  clients.cluster.checked(A, verdictOf(true))
  clients.cluster.queue.release()
  await turn()
  expect([clients.served, clients.errors]).toEqual([['x1', 'a1'], {}])
})

test('clients that find no place after a hold wait for their usual time from then on', async () => {
  const clients = new Clients(clusterOf([A], {}, { backends: backendsOf([A], 1), limits: LIMITS }))
  clients.come('x1')
  await turn()
  clients.cluster.queue.hold(30_000)
  clients.come('a1', 'b1')
  await turn()
  vi.advanceTimersByTime(20_000)
  clients.cluster.queue.release()
  clients.all[0]!.end()
  await turn()
  expect(clients.served).toEqual(['x1', 'a1'])
  vi.advanceTimersByTime(999)
  await turn()
  expect(clients.errors).toEqual({})
  vi.advanceTimersByTime(1)
  await turn()
  expect(clients.errors).toEqual({ b1: 'QUEUE_TIMEOUT' })
})

test('a hold lets clients wait although whenFull is refuse, but no more than queueLength', async () => {
  const clients = new Clients(
    clusterOf([A], {}, { limits: { ...LIMITS, whenFull: 'refuse', queueLength: 1 } }),
  )
  clients.cluster.queue.hold(30_000)
  clients.come('a1', 'b1')
  await turn()
  expect(clients.errors).toEqual({ b1: 'QUEUE_FULL' })
})

test('a second hold replaces the first one, and a reload keeps a hold', async () => {
  const clients = await held()
  clients.come('a1')
  clients.cluster.queue.hold(60_000)
  clients.cluster.update({
    balance: 'round-robin',
    hash: undefined,
    slowStartMs: 0,
    health: QUICK,
    backends: backendsOf([B]),
  })
  vi.advanceTimersByTime(59_999)
  await turn()
  expect(clients.served).toEqual(['x1'])
  vi.advanceTimersByTime(1)
  await turn()
  expect(clients.all[1]!.backend.name).toBe(B)
})

test('a client that leaves during a hold is not dialled afterwards', async () => {
  const clients = await held()
  const [gone] = clients.come('a1', 'b1')
  gone!.dialling.cancel()
  clients.cluster.queue.release()
  await turn()
  expect(clients.served).toEqual(['x1', 'b1'])
})

test('a connect that is in progress when a hold begins is dropped, and its client gets a backend after the release', async () => {
  const clients = new Clients(clusterOf([A]))
  engine.outcomes.set(A, 'never')
  const [client] = clients.come('a1')
  clients.cluster.queue.hold(30_000)
  engine.outcomes.set(A, '')
  engine.settle(A, '')
  await turn()
  expect([client!.result, client!.dialling.isQueued, engine.resets]).toEqual([undefined, true, 1])
  expect(clients.cluster.backends[0]).toMatchObject({ active: 0, dialling: 0 })
  clients.cluster.queue.release()
  await turn()
  expect([clients.served, engine.dialled, clients.cluster.queue.length]).toEqual([['a1'], [A, A], 0])
})

test('a client whose only backend fails during a hold waits for the release, and tries that backend again', async () => {
  const clients = new Clients(clusterOf([A], {}, { health: { ...QUICK, eject: false } }))
  engine.outcomes.set(A, 'never')
  clients.come('a1')
  clients.cluster.queue.hold(30_000)
  engine.settle(A, 'ECONNREFUSED')
  await turn()
  expect([clients.errors, clients.cluster.queue.length, engine.dialled]).toEqual([{}, 1, [A]])
  engine.outcomes.set(A, '')
  clients.cluster.queue.release()
  await turn()
  expect([clients.served, clients.all[0]!.result!.retries]).toEqual([['a1'], 1])
})

test('clients that wait for any backend that works dial none during a hold', async () => {
  const health = { ...QUICK, whenAllDown: 'wait' } as const
  const clients = new Clients(clusterOf([A], {}, { health }))
  clients.cluster.checked(A, verdictOf(false))
  clients.come('a1')
  await turn()
  expect(clients.cluster.queue.length).toBe(0)
  clients.cluster.queue.hold(30_000)
  clients.cluster.checked(A, verdictOf(true))
  vi.advanceTimersByTime(29_999)
  await turn()
  expect([clients.errors, engine.dialled, clients.cluster.queue.length]).toEqual([{}, [], 1])
  vi.advanceTimersByTime(1)
  await turn()
  expect(clients.served).toEqual(['a1'])
})

test('a cluster that stops during a hold keeps nobody waiting, also not for a connect in progress', async () => {
  const clients = new Clients(clusterOf([A]))
  engine.outcomes.set(A, 'never')
  clients.come('a1')
  clients.cluster.queue.hold(30_000)
  clients.come('b1')
  clients.cluster.stop()
  engine.settle(A, 'ECONNREFUSED')
  await turn()
  expect(clients.errors).toEqual({ a1: 'ECONNREFUSED', b1: 'ECANCELED' })
})
