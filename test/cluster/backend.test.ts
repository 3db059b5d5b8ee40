import { expect, test } from 'vitest'
import { type Address, parseAddress, type ResolvedAddress } from '../../src/address.js'
import { Backend } from '../../src/cluster/backend.js'
import { BackOff } from '../../src/cluster/health/back-off.js'

const backendAt = (text: string, released?: (backend: Backend) => void) =>
  new Backend(parseAddress(text) as Address, 1, new BackOff(), released)
const failAt = (backend: Backend, address: ResolvedAddress, now = 0) => {
  backend.dialBegan()
  return backend.dialFailed(address, 'ECONNREFUSED', now)
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

test('a backend whose address fails goes to the next one, and rests when all have failed', () => {
  const backend = backendAt('db.example:80')
  backend.resolved(['10.0.0.1', '10.0.0.2', '10.0.0.3'])
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
  backend.resolved(['10.0.0.1', '10.0.0.2'])
  const dialled = backend.endpoints.current!
  backend.resolved(['10.0.0.2', '10.0.0.1'])
  expect(failAt(backend, dialled)).toBe(0)
  expect(fail(backend)).toBe(1000)
})

test('a backend that rests is available again when its name gets a new address', () => {
  const backend = backendAt('db.example:80')
  backend.resolved(['10.0.0.1'])
  fail(backend)
  backend.resolved(['10.0.0.1'])
  expect(backend.health.isAvailable(0, 0)).toBe(false)
  backend.resolved(['10.0.0.9'])
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
  expect(backend.dialSucceeded()).toBe(false)
  backend.dialSucceeded()
  backend.dialDropped()
  expect([backend.dialling, backend.active]).toEqual([0, 2])
  backend.release()
  expect(backend.status(0)).toMatchObject({ active: 1, connections: 2, failures: 0, state: 'up' })
})

test('a backend reports no free place between a connect and its connection', () => {
  const loads: number[] = []
  const backend = backendAt('10.0.0.1:80', ({ active, dialling }) => loads.push(active + dialling))
  backend.dialBegan()
  backend.dialSucceeded()
  expect(loads).toEqual([])
})

test('a backend reports a free place, with its present counts, when a connection or a connect is over', () => {
  const told: unknown[] = []
  const backend = backendAt('10.0.0.1:80', (each) => told.push([each.name, each.active, each.dialling]))
  for (let i = 0; i < 3; i++) backend.dialBegan()
  backend.dialSucceeded()
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
  [{ weight: 0 }, false],
  [{ setTo: 'maint' }, false],
  [{ setTo: 'drain' }, false],
  [{ weight: 3 }, true],
] as const)('a backend with %o may get new connections: %s', (setting, isEnabled) => {
  const backend = backendAt('10.0.0.1:80')
  Object.assign(backend, setting)
  expect(backend.isEnabled).toBe(isEnabled)
})
