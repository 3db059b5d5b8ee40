import { expect, test } from 'vitest'
import { type Address, parseAddress } from '../../src/address.js'
import { Backend } from '../../src/cluster/backend.js'

const backendAt = (text: string) => new Backend(parseAddress(text) as Address, 1)
const fail = (backend: Backend, now: number, errno = 'ECONNREFUSED') =>
  backend.failed(backend.address!, errno, now)
const hostOf = (backend: Backend) => (backend.address?.kind === 'tcp' ? backend.address.host : undefined)

test('rests grow from 1 s to 30 s, and a success makes the next the first again', () => {
  const backend = backendAt('10.0.0.1:80')
  let now = 0
  const rests = Array.from({ length: 7 }, () => {
    const restMs = fail(backend, now)
    now += restMs
    return restMs
  })
  expect(rests).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000])
  expect(backend.succeeded()).toBe(true)
  expect(backend.succeeded()).toBe(false)
  expect(fail(backend, now)).toBe(1000)
})

test('many connects that fail together are one reason to rest, not many', () => {
  const backend = backendAt('10.0.0.1:80')
  expect(fail(backend, 0)).toBe(1000)
  for (let i = 0; i < 50; i++) expect(fail(backend, i)).toBe(0)
  expect(backend.restingUntil).toBe(1000)
  expect(backend.status(0)).toMatchObject({
    state: 'down',
    failures: 51,
    restingMs: 1000,
    lastError: 'ECONNREFUSED',
  })
})

test('after its rest a backend gets one connect at a time until one succeeds', () => {
  const backend = backendAt('10.0.0.1:80')
  fail(backend, 0)
  expect(backend.isAvailable(999)).toBe(false)
  expect(backend.isAvailable(1000)).toBe(true)
  backend.dialling = 1
  expect(backend.isAvailable(1000)).toBe(false)
  backend.succeeded()
  expect(backend.isAvailable(1000)).toBe(true)
})

test('a lack of ports here does not make it rest', () => {
  const backend = backendAt('10.0.0.1:80')
  expect(fail(backend, 0, 'EADDRNOTAVAIL')).toBe(0)
  expect(fail(backend, 0, 'EAGAIN')).toBe(0)
  expect(backend.status(0)).toMatchObject({ state: 'up', failures: 0, lastError: undefined })
})

test('a failure moves on to the next address, and it rests only when all have failed', () => {
  const backend = backendAt('db.example:80')
  backend.resolved(['10.0.0.1', '10.0.0.2', '10.0.0.3'])
  const first = backend.address!
  expect(backend.failed(first, 'ECONNREFUSED', 0)).toBe(0)
  expect(backend.failed(first, 'ECONNREFUSED', 0)).toBe(0)
  expect(hostOf(backend)).toBe('10.0.0.2')
  expect(fail(backend, 0)).toBe(0)
  expect(fail(backend, 0)).toBe(1000)
  expect(hostOf(backend)).toBe('10.0.0.1')
})

test('an address in use stays in use whatever order the resolver gives, and failures still count', () => {
  const backend = backendAt('db.example:80')
  backend.resolved(['10.0.0.1', '10.0.0.2'])
  const dialled = backend.address!
  backend.resolved(['10.0.0.2', '10.0.0.1'])
  expect(hostOf(backend)).toBe('10.0.0.1')
  backend.failed(dialled, 'ETIMEDOUT', 0)
  expect(hostOf(backend)).toBe('10.0.0.2')
})

test('a backend that moved is not to blame for where it was', () => {
  const backend = backendAt('db.example:80')
  backend.resolved(['10.0.0.1'])
  fail(backend, 0)
  backend.resolved(['10.0.0.1'])
  expect(backend.isAvailable(0)).toBe(false)
  backend.resolved(['10.0.0.9'])
  expect(backend.isAvailable(0)).toBe(true)
})

test('IP addresses, socket paths and localhost need no resolver', () => {
  for (const text of ['10.0.0.1:80', '[::1]:80', 'unix:/run/app.sock', 'localhost:80']) {
    const backend = backendAt(text)
    expect(backend.hostName).toBeUndefined()
    expect(backend.address).toBeDefined()
    expect(backend.name).toBe(text)
  }
  expect(backendAt('localhost:80').status(0).resolved).toEqual(['127.0.0.1:80', '[::1]:80'])
  expect(backendAt('db.example:80').status(0)).toMatchObject({ state: 'unresolved', resolved: [] })
})

test('connections in use and ever made are counted', () => {
  const backend = backendAt('unix:/run/app.sock')
  backend.succeeded()
  backend.succeeded()
  backend.release()
  expect(backend.status(0)).toMatchObject({ active: 1, connections: 2, state: 'up' })
})
