import { expect, test, vi } from 'vitest'
import { type Address, parseAddress, type ResolvedAddress } from '../../src/address.js'
import { Backend } from '../../src/cluster/backend.js'
import { SlowStart } from '../../src/cluster/slow-start.js'
import { quickHealth } from './cluster-rig.js'

const backendAt = (text: string, released?: (backend: Backend) => void) =>
  new Backend(parseAddress(text) as Address, 1, quickHealth(), { ...(released && { released }) })
const failAt = (backend: Backend, address: ResolvedAddress, now = 0) => {
  backend.dialBegan()
  return backend.dialFailed(address, 'ECONNREFUSED', now)?.restMs ?? 0
}
const fail = (backend: Backend, now = 0) => failAt(backend, backend.endpoints.current!, now)
const hostOf = ({ endpoints: { current } }: Backend) => (current?.kind === 'tcp' ? current.host : undefined)

test('a backend whose connects fail together rests once', () => {
  const backend = backendAt('10.0.0.1:80')
  expect(fail(backend)).toBe(1000)
  for (let i = 0; i < 50; i++) expect(fail(backend, i)).toBe(0)
  expect(backend.status(0)).toMatchObject({
    state: 'down',
    failures: 51,
    restingMs: 1000,
    lastError: 'ECONNREFUSED',
  })
  expect(backend.status(1000)).toMatchObject({ state: 'down', restingMs: 0 })
})

test('a backend that is skipped once more has not changed, because it was down all the time', () => {
  vi.useFakeTimers({ toFake: ['Date'], now: 1000 })
  try {
    const backend = backendAt('10.0.0.1:80')
    fail(backend, 0)
    vi.setSystemTime(3000)
    expect(fail(backend, 2000)).toBe(2000)
    expect(backend.status(2000)).toMatchObject({ restingMs: 2000, changedAt: new Date(1000).toISOString() })
  } finally {
    vi.useRealTimers()
  }
})

test('a backend whose address fails goes to the next one, and rests when all have failed', () => {
  const backend = backendAt('db.example:80')
  backend.resolved(['10.0.0.1', '10.0.0.2', '10.0.0.3'], 0)
  const first = backend.endpoints.current!
  expect(failAt(backend, first)).toBe(0)
  expect(failAt(backend, first)).toBe(0)
  expect(hostOf(backend)).toBe('10.0.0.2')
  expect(fail(backend)).toBe(0)
  expect(fail(backend)).toBe(1000)
  expect(hostOf(backend)).toBe('10.0.0.1')
})

test('a backend counts a failure at an address although the resolver has changed the order since', () => {
  const backend = backendAt('db.example:80')
  backend.resolved(['10.0.0.1', '10.0.0.2'], 0)
  const dialled = backend.endpoints.current!
  backend.resolved(['10.0.0.2', '10.0.0.1'], 0)
  expect(failAt(backend, dialled)).toBe(0)
  expect(fail(backend)).toBe(1000)
})

test('a backend that rests is available again when its name gets a new address', () => {
  const backend = backendAt('db.example:80')
  backend.resolved(['10.0.0.1'], 0)
  fail(backend)
  backend.resolved(['10.0.0.1'], 0)
  expect(backend.health.isAvailable(0, 0)).toBe(false)
  backend.resolved(['10.0.0.9'], 0)
  expect(backend.health.isAvailable(0, 0)).toBe(true)
})

test('a backend is named by its configured address, and is unresolved until its name has an answer', () => {
  for (const text of ['10.0.0.1:80', '[::1]:80', 'unix:/run/app.sock', 'localhost:80']) {
    const backend = backendAt(text)
    expect(backend.name).toBe(text)
    expect(backend.status(0).state).toBe('up')
  }
  expect(backendAt('localhost:80').status(0).resolved).toEqual(['127.0.0.1:80', '[::1]:80'])
  expect(backendAt('db.example:80').status(0)).toMatchObject({ state: 'unresolved', resolved: [] })
  expect([backendAt('[::1]:80').host, backendAt('unix:/run/app.sock').host]).toEqual(['::1', undefined])
})

test('a backend counts its open connections, its connects on their way and all connections so far', () => {
  const backend = backendAt('unix:/run/app.sock')
  for (let i = 0; i < 3; i++) backend.dialBegan()
  expect([backend.dialling, backend.active]).toEqual([3, 0])
  expect(backend.dialSucceeded(0)).toBeUndefined()
  backend.dialSucceeded(0)
  backend.dialDropped()
  expect([backend.dialling, backend.active]).toEqual([0, 2])
  backend.release()
  expect(backend.status(0)).toMatchObject({ active: 1, connections: 2, failures: 0, state: 'up' })
})

test('a backend reports no free place between a connect and its connection', () => {
  const loads: number[] = []
  const backend = backendAt('10.0.0.1:80', ({ active, dialling }) => loads.push(active + dialling))
  backend.dialBegan()
  backend.dialSucceeded(0)
  expect(loads).toEqual([])
})

test('a backend reports a free place, with its present counts, when a connection or a connect is over', () => {
  const told: unknown[] = []
  const backend = backendAt('10.0.0.1:80', (each) => told.push([each.name, each.active, each.dialling]))
  for (let i = 0; i < 3; i++) backend.dialBegan()
  backend.dialSucceeded(0)
  backend.dialDropped()
  backend.dialFailed(backend.endpoints.current!, 'ECONNREFUSED', 0)
  backend.release()
  expect(told).toEqual([
    ['10.0.0.1:80', 1, 1],
    ['10.0.0.1:80', 1, 0],
    ['10.0.0.1:80', 0, 0],
  ])
})

test.each([
  [0, 'up', false],
  [1, 'maint', false],
  [1, 'drain', false],
  [3, 'up', true],
] as const)(
  'a backend of weight %s that is set %s may get new connections: %s',
  (weight, setTo, isEnabled) => {
    const backend = backendAt('10.0.0.1:80')
    backend.set(weight, setTo)
    expect(backend.isEnabled).toBe(isEnabled)
  },
)

/** A backend of weight 4 that starts slowly for 10 s, and the time that it sees. */
function slowBackend() {
  const clock = { now: 0 }
  const told: string[] = []
  const backend = new Backend(parseAddress('10.0.0.1:80') as Address, 4, quickHealth(), {
    slowStart: new SlowStart(
      () => 10_000,
      () => clock.now,
    ),
    reweighted: () => told.push('reweighted'),
  })
  return { backend, clock, told }
}

test('a backend that starts slowly has a small share that grows, and its weight stays', () => {
  const { backend, clock } = slowBackend()
  expect(backend.share).toBe(4)
  backend.startSlowly()
  clock.now = 5000
  expect([backend.share, backend.weight]).toEqual([2, 4])
  backend.startSlowly()
  clock.now = 7500
  expect(backend.share).toBe(3)
})

test.each([
  ['is set up again', 4, 'drain', 4, 'up', 1],
  ['gets a weight again', 0, 'up', 4, 'up', 1],
  ['only gets another weight', 2, 'up', 4, 'up', 4],
] as const)(
  'a backend that %s has this share after 2.5 s of 10',
  (_, weight, setTo, thenWeight, thenSetTo, share) => {
    const { backend, clock } = slowBackend()
    backend.set(weight, setTo)
    clock.now = 1e9
    backend.set(thenWeight, thenSetTo)
    clock.now += 2500
    expect(backend.share).toBe(share)
  },
)

test('a backend says when its weight changes, and not when its state does', () => {
  const { backend, told } = slowBackend()
  backend.set(4, 'drain')
  expect(told).toEqual([])
  backend.set(5, 'drain')
  expect(told).toEqual(['reweighted'])
})
