import { expect, test, vi } from 'vitest'
import { parseAddress } from '../../src/address.js'
import {
  A,
  B,
  C,
  clusterOf,
  dial,
  engine,
  failName,
  outcomeNow,
  resolveName,
  states,
  turn,
  useScriptedClusters,
} from './cluster-rig.js'
import { requestOf } from './requests.js'

useScriptedClusters()

test('a cluster dials its backends in turn, and a connection is active until its release', async () => {
  const cluster = clusterOf([A, B])
  const results = [await dial(cluster), await dial(cluster), await dial(cluster)]
  expect(results.map((result) => result.backend?.name)).toEqual([A, B, A])
  expect(results[0]).toMatchObject({ retries: 0, address: parseAddress(A) })
  expect(results.every((result) => result.socket !== undefined && result.error === undefined)).toBe(true)
  expect(cluster.status()).toMatchObject({ name: 'test', backends: [{ active: 2 }, { active: 1 }] })
  for (const result of results) result.backend?.release()
  expect(cluster.status()).toMatchObject({
    backends: [
      { active: 0, connections: 2 },
      { active: 0, connections: 1 },
    ],
  })
})

test('a dial calls done after it has returned, even if no backend can be dialled', async () => {
  const cluster = clusterOf(['db.example:80'])
  failName('db.example')
  const order: string[] = []
  const dialled = new Promise<void>((resolve) => {
    cluster.dial(requestOf(1000), (result) => {
      order.push(`done ${result.error}`)
      resolve()
    })
  })
  order.push('returned')
  await dialled
  expect(order).toEqual(['returned', 'done ENOTFOUND'])
})

test('a dial goes on to the next backend when one fails, and later dials skip it while it rests', async () => {
  const told: unknown[] = []
  const cluster = clusterOf([A, B, C], {
    onBackendDown: ({ name, health }, restMs) => told.push(['down', name, health.lastError, restMs]),
    onBackendUp: (backend) => told.push(['up', backend.name]),
  })
  engine.outcomes.set(A, 'ECONNREFUSED')
  expect(await dial(cluster)).toMatchObject({ backend: { name: B }, retries: 1 })
  for (let i = 0; i < 6; i++) await dial(cluster)
  expect(engine.dialled.filter((address) => address === A).length).toBe(1)
  expect(told).toEqual([['down', A, 'ECONNREFUSED', 1000]])
  expect(states(cluster)).toEqual(['down', 'up', 'up'])

  engine.outcomes.delete(A)
  vi.advanceTimersByTime(1000)
  for (let i = 0; i < 6; i++) await dial(cluster)
  expect(told).toEqual([
    ['down', A, 'ECONNREFUSED', 1000],
    ['up', A],
  ])
  expect(states(cluster)).toEqual(['up', 'up', 'up'])
})

test('a dial whose backends all fail has tried each once and reports the last error', async () => {
  const cluster = clusterOf([A, B, C])
  engine.outcomes.set(A, 'ECONNREFUSED').set(B, 'ETIMEDOUT').set(C, 'EHOSTUNREACH')
  expect(await dial(cluster)).toMatchObject({ error: 'EHOSTUNREACH', backend: { name: C }, retries: 2 })
  expect(engine.dialled).toEqual([A, B, C])
})

test('a dial tries resting backends if all rest, the one whose rest ends first before the others', async () => {
  const cluster = clusterOf([A, B])
  engine.outcomes.set(A, 'ECONNREFUSED').set(B, 'ECONNREFUSED')
  await dial(cluster)
  vi.advanceTimersByTime(1000)
  // Both may be tried again. It is B's turn: B fails at once. A hangs first, and fails 100 ms later.
  engine.outcomes.set(A, 'never')
  const second = dial(cluster)
  await turn()
  vi.advanceTimersByTime(100)
  engine.settle(A, 'ETIMEDOUT')
  await second
  engine.outcomes.delete(A)
  engine.dialled.length = 0
  expect(await dial(cluster)).toMatchObject({ backend: { name: A }, retries: 1 })
  expect(engine.dialled).toEqual([B, A])
})

test('a backend that hangs after its rest delays one client only', async () => {
  const cluster = clusterOf([A, B])
  engine.outcomes.set(A, 'ETIMEDOUT')
  await dial(cluster)
  engine.outcomes.set(A, 'never')
  vi.advanceTimersByTime(1000)
  const attempts = Array.from({ length: 10 }, () => dial(cluster))
  await turn()
  expect(engine.dialled.filter((address) => address === A).length).toBe(2)
  engine.settle(A, 'ETIMEDOUT')
  expect((await Promise.all(attempts)).every((result) => result.backend?.name === B)).toBe(true)
})

test('a dial tries every address of a host before it fails', async () => {
  const onBackendDown = vi.fn()
  const cluster = clusterOf(['db.example:80'], { onBackendDown })
  resolveName('db.example', '10.0.1.1', '10.0.1.2')
  engine.outcomes.set('10.0.1.1:80', 'ECONNREFUSED')
  expect(await dial(cluster)).toMatchObject({ address: { host: '10.0.1.2' }, retries: 1 })
  expect(await dial(cluster)).toMatchObject({ address: { host: '10.0.1.2' }, retries: 0 })
  expect(onBackendDown).not.toHaveBeenCalled()
  engine.outcomes.set('10.0.1.2:80', 'ECONNREFUSED')
  expect(await dial(cluster)).toMatchObject({ error: 'ECONNREFUSED', retries: 1 })
  expect(onBackendDown).toHaveBeenCalledTimes(1)
})

test('a dial tries the other backends before the second address of a failed one', async () => {
  const cluster = clusterOf(['db.example:80', B])
  resolveName('db.example', '10.0.1.1', '10.0.1.2')
  engine.outcomes.set('10.0.1.1:80', 'ECONNREFUSED').set(B, 'ECONNREFUSED')
  expect(await dial(cluster)).toMatchObject({ address: { host: '10.0.1.2' }, retries: 2 })
  expect(engine.dialled).toEqual(['10.0.1.1:80', B, '10.0.1.2:80'])
})

test('a dial tries both families of a host at once, and remembers the one that works', async () => {
  const onBackendDown = vi.fn()
  const cluster = clusterOf(['localhost:80'], { onBackendDown })
  engine.outcomes.set('127.0.0.1:80', 'ECONNREFUSED')
  expect(await dial(cluster)).toMatchObject({ address: { host: '::1' }, retries: 0 })
  expect(await dial(cluster)).toMatchObject({ address: { host: '::1' }, retries: 0 })
  expect(engine.dialled).toEqual(['127.0.0.1:80', '[::1]:80', '[::1]:80'])
  engine.outcomes.set('[::1]:80', 'ECONNREFUSED')
  expect(await dial(cluster)).toMatchObject({ error: 'ECONNREFUSED', retries: 0 })
  expect(onBackendDown).toHaveBeenCalledTimes(1)
})

test.each(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM'])(
  'a dial that meets %s tries the same backend again after a pause',
  async (errno) => {
    const cluster = clusterOf([A, B])
    engine.outcomes.set(A, errno)
    const result = dial(cluster)
    for (let i = 0; i < 5; i++) {
      await turn()
      expect(engine.dialled.length).toBe(i + 1)
      vi.advanceTimersByTime(50)
    }
    engine.outcomes.delete(A)
    vi.advanceTimersByTime(50)
    await turn()
    vi.advanceTimersByTime(50)
    expect(await result).toMatchObject({ backend: { name: A }, retries: 0 })
    expect(new Set(engine.dialled)).toEqual(new Set([A]))
    expect(cluster.status().backends[0]).toMatchObject({ state: 'up', failures: 0, active: 1 })
  },
)

test('a dial fails with EMFILE if the shortage outlasts connectMs, and no backend rests', async () => {
  const cluster = clusterOf([A, B])
  engine.outcomes.set(A, 'EMFILE')
  const result = dial(cluster, 1000)
  for (let i = 0; i < 20; i++) {
    await turn()
    vi.advanceTimersByTime(50)
  }
  expect(await result).toMatchObject({ error: 'EMFILE', backend: { name: A }, retries: 0 })
  expect(engine.dialled.length).toBe(20)
  expect(states(cluster)).toEqual(['up', 'up'])
})

test('a dial whose connectMs is shorter than its pause ends after connectMs', async () => {
  const cluster = clusterOf([A])
  engine.outcomes.set(A, 'EMFILE')
  const result = dial(cluster, 30)
  await turn()
  expect(cluster.isInUse).toBe(true)
  vi.advanceTimersByTime(30)
  expect(await result).toMatchObject({ error: 'EMFILE' })
  expect([cluster.isInUse, vi.getTimerCount()]).toEqual([false, 0])
})

test('a dial gives the next backend its own connectMs after a shortage and a failure', async () => {
  const cluster = clusterOf([A, B])
  engine.outcomes.set(A, 'EMFILE').set(B, 'EMFILE')
  const result = dial(cluster, 1000)
  for (let i = 0; i < 25; i++) {
    await turn()
    vi.advanceTimersByTime(50)
    if (i === 15) engine.outcomes.set(A, 'ECONNREFUSED')
  }
  engine.outcomes.delete(B)
  await turn()
  vi.advanceTimersByTime(50)
  expect(await result).toMatchObject({ backend: { name: B }, address: parseAddress(B), retries: 1 })
  expect(engine.dialled.lastIndexOf(A)).toBeLessThan(engine.dialled.indexOf(B))
})

test('a backend that is taken out during its connect gets no connection', async () => {
  const cluster = clusterOf([A, B])
  engine.outcomes.set(A, 'never')
  const result = dial(cluster)
  cluster.backend(A)!.set(1, 'drain')
  engine.settle(A, '')
  expect(await result).toMatchObject({ backend: { name: B }, retries: 1 })
  expect(engine.resets).toBe(1)
  expect(cluster.backend(A)).toMatchObject({ active: 0, dialling: 0, health: { failures: 0 } })
})

test('a cluster is in use while a dial runs or waits, or a connection is open', async () => {
  const cluster = clusterOf([A])
  engine.outcomes.set(A, 'never')
  const dialling = dial(cluster)
  expect(cluster.isInUse).toBe(true)
  engine.settle(A, 'ECONNREFUSED')
  await dialling
  expect(cluster.isInUse).toBe(false)

  const named = clusterOf(['db.example:80'])
  const waiting = dial(named)
  expect(named.isInUse).toBe(true)
  resolveName('db.example', '10.0.0.9')
  const { backend } = await waiting
  expect(named.isInUse).toBe(true)
  backend?.release()
  expect(named.isInUse).toBe(false)
})

test('a dial without a free source port goes on to the next backend, and no backend rests', async () => {
  const cluster = clusterOf([A, B])
  engine.outcomes.set(A, 'EADDRNOTAVAIL')
  expect(await dial(cluster)).toMatchObject({ backend: { name: B }, retries: 1 })
  expect(states(cluster)).toEqual(['up', 'up'])
})

test('a dial that is cancelled gives its connect up and never calls done', async () => {
  const cluster = clusterOf([A])
  engine.outcomes.set(A, 'never')
  const done = vi.fn()
  const attempt = cluster.dial(requestOf(1000), done)
  await turn()
  attempt.cancel()
  attempt.cancel()
  engine.settle(A, '')
  await turn()
  expect(done).not.toHaveBeenCalled()
  expect(engine.cancelled).toBe(1)
  expect(cluster.status().backends[0]).toMatchObject({ active: 0, connections: 0, state: 'up' })
})

test('a dial can be cancelled in a pause, in a wait for a name, and before its answer is given', async () => {
  const cluster = clusterOf([A])
  const named = clusterOf(['db.example:80'])
  engine.outcomes.set(A, 'EMFILE')
  const done = vi.fn()
  const paused = cluster.dial(requestOf(1000), done)
  const waiting = named.dial(requestOf(1000), done)
  await turn()
  expect(vi.getTimerCount()).toBe(2)
  paused.cancel()
  waiting.cancel()
  expect(vi.getTimerCount()).toBe(0)
  failName('db.example')
  named.dial(requestOf(1000), done).cancel()
  await turn()
  expect(done).not.toHaveBeenCalled()
})

test('a dial that is cancelled after its success leaves the connection open', async () => {
  const cluster = clusterOf([A])
  let attempt: { cancel(): void } | undefined
  await new Promise((resolve) => {
    attempt = cluster.dial(requestOf(1000), resolve)
  })
  attempt?.cancel()
  expect(engine.cancelled).toBe(0)
  expect(cluster.status().backends[0]).toMatchObject({ active: 1 })
})

test('an ordinary dial sets no timer', async () => {
  const cluster = clusterOf([A])
  engine.outcomes.set(A, 'never')
  const result = dial(cluster)
  expect(vi.getTimerCount()).toBe(0)
  engine.settle(A, '')
  await result
})

test('a cluster that stops fails waiting dials, lets a connect finish and starts no other', async () => {
  const cluster = clusterOf([A, B])
  const named = clusterOf(['db.example:80'])
  const waiting = dial(named)
  engine.outcomes.set(A, 'never')
  const dialling = dial(cluster)
  await turn()
  cluster.stop()
  named.stop()
  expect(await waiting).toMatchObject({ error: 'ECANCELED' })
  engine.settle(A, 'ECONNREFUSED')
  expect(await dialling).toMatchObject({ error: 'ECONNREFUSED', backend: { name: A } })
  expect(engine.dialled).toEqual([A])
  expect(await outcomeNow(cluster)).toEqual({ error: 'ECANCELED', backend: undefined, retries: 0 })
})

test("a cluster that stops ends a dial's pause, and a later shortage begins no pause", async () => {
  const cluster = clusterOf([A])
  engine.outcomes.set(A, 'EMFILE')
  const paused = dial(cluster)
  await turn()
  cluster.stop()
  expect(await paused).toMatchObject({ error: 'EMFILE' })

  const other = clusterOf([A])
  engine.outcomes.set(A, 'never')
  const dialling = dial(other)
  other.stop()
  engine.settle(A, 'EMFILE')
  expect(await dialling).toMatchObject({ error: 'EMFILE' })
  expect(vi.getTimerCount()).toBe(0)
})

test('every dial calls done exactly once', async () => {
  const cluster = clusterOf([A, 'localhost:80', B])
  engine.outcomes.set(A, 'ECONNREFUSED').set('127.0.0.1:80', 'EMFILE')
  const calls = Array.from({ length: 30 }, () => vi.fn())
  for (const done of calls) cluster.dial(requestOf(200), done)
  for (let i = 0; i < 10; i++) {
    await turn()
    vi.advanceTimersByTime(50)
  }
  for (const done of calls) expect(done).toHaveBeenCalledTimes(1)
})

test('a backend that was down starts slowly when it is back, and not after one failure between successes', async () => {
  const cluster = clusterOf([A, B], {}, { slowStartMs: 10_000 })
  const share = () => cluster.backend(A)!.share
  engine.outcomes.set(A, 'never')
  const onItsWay = dial(cluster)
  await dial(cluster)
  engine.outcomes.set(A, 'ECONNREFUSED')
  await dial(cluster)
  expect(states(cluster)).toEqual(['down', 'up'])
  engine.settle(A, '')
  await onItsWay
  expect(share()).toBe(1)

  await dial(cluster)
  await dial(cluster)
  engine.outcomes.delete(A)
  vi.advanceTimersByTime(1000)
  for (let i = 0; i < 4; i++) await dial(cluster)
  expect(states(cluster)).toEqual(['up', 'up'])
  expect(share()).toBe(0.1)
  vi.advanceTimersByTime(5000)
  expect(share()).toBe(0.5)
})
