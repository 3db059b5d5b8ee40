import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { ResolvedAddress } from '../../src/address.js'
import { type RaceOutcome, race } from '../../src/cluster/race.js'
import { ScriptedEngine } from './scripted-engine.js'

const V6 = '[2001:db8::1]:80'
const V4 = '10.0.0.1:80'
const first: ResolvedAddress = { kind: 'tcp', host: '2001:db8::1', port: 80 }
const second: ResolvedAddress = { kind: 'tcp', host: '10.0.0.1', port: 80 }

let engine: ScriptedEngine
let outcomes: RaceOutcome[]

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  engine = new ScriptedEngine()
  engine.outcomes.set(V6, 'never').set(V4, 'never')
  outcomes = []
})
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

const begin = (connectMs = 5000) =>
  race(engine, [first, second], connectMs, (outcome) => void outcomes.push(outcome))
const summary = () =>
  outcomes.map(({ address, errno, failed, socket }) => ({
    address,
    errno,
    failed,
    isConnected: socket !== undefined,
  }))

test('the second address is not dialled if the first one connects within 250 ms', () => {
  begin()
  vi.advanceTimersByTime(249)
  engine.settle(V6, '')
  expect(engine.dialled).toEqual([V6])
  expect(summary()).toEqual([{ address: first, errno: '', failed: [], isConnected: true }])
})

test('the second address is dialled after 250 ms, and the first connection wins', () => {
  begin()
  vi.advanceTimersByTime(250)
  expect(engine.dialled).toEqual([V6, V4])
  engine.settle(V4, '')
  expect(summary()).toEqual([{ address: second, errno: '', failed: [], isConnected: true }])
  expect(engine.cancelled).toBe(1)
})

test('the first address still wins if it connects after the second one was dialled', () => {
  begin()
  vi.advanceTimersByTime(250)
  engine.settle(V6, '')
  expect(summary()).toMatchObject([{ address: first, isConnected: true }])
  expect(engine.cancelled).toBe(1)
})

test('the second address is dialled at once when the first one fails', () => {
  begin()
  engine.settle(V6, 'ENETUNREACH')
  expect(engine.dialled).toEqual([V6, V4])
  engine.settle(V4, '')
  expect(summary()).toEqual([{ address: second, errno: '', failed: [first], isConnected: true }])
})

test('the race fails when both addresses have failed, with the last error', () => {
  begin()
  vi.advanceTimersByTime(250)
  engine.settle(V4, 'ECONNREFUSED')
  expect(outcomes).toEqual([])
  engine.settle(V6, 'ETIMEDOUT')
  expect(summary()).toEqual([{ address: first, errno: 'ETIMEDOUT', failed: [second], isConnected: false }])
})

test('a shortage ends the race, because it says nothing about an address', () => {
  begin()
  engine.settle(V6, 'EMFILE')
  expect(engine.dialled).toEqual([V6])
  expect(summary()).toEqual([{ address: first, errno: 'EMFILE', failed: [], isConnected: false }])
})

test('a shortage at the second address does not end the connect to the first one', () => {
  begin()
  vi.advanceTimersByTime(250)
  engine.settle(V4, 'EMFILE')
  expect([outcomes, engine.cancelled]).toEqual([[], 0])
  engine.settle(V6, '')
  expect(summary()).toEqual([{ address: first, errno: '', failed: [], isConnected: true }])
})

test('the second address is tried again after a shortage if the first one fails', () => {
  begin()
  vi.advanceTimersByTime(250)
  engine.settle(V4, 'EMFILE')
  engine.settle(V6, 'ECONNREFUSED')
  expect(engine.dialled).toEqual([V6, V4, V4])
  engine.settle(V4, 'ECONNREFUSED')
  expect(summary()).toMatchObject([{ address: first, failed: [second], isConnected: false }])
})

test('a race that is cancelled cancels both connects and dials no more', () => {
  const dial = begin()
  vi.advanceTimersByTime(250)
  dial.cancel()
  expect(engine.cancelled).toBe(2)
  const early = begin()
  early.cancel()
  expect(engine.dialled).toEqual([V6, V4, V6])
  expect(outcomes).toEqual([])
})

test('no second address is dialled beside the first one if connectMs is over by then', () => {
  begin(200)
  vi.advanceTimersByTime(10_000)
  expect(engine.dialled).toEqual([V6])
  engine.settle(V6, 'ETIMEDOUT')
  expect(engine.dialled).toEqual([V6, V4])
})
