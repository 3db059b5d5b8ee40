import type { LookupAddress } from 'node:dns'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Lookup, Resolver } from '../../../src/cluster/names/resolver.js'

type Answer = Parameters<Lookup>[2]

/** The lookups that wait for an answer from the test. */
const asked: { host: string; answer: Answer }[] = []
const told: unknown[][] = []
const lookup: Lookup = (host, options, answer) => {
  expect(options).toEqual({ all: true })
  asked.push({ host, answer })
}
const listener = {
  resolved: (host: string, ips: readonly string[]) => told.push(['resolved', host, ips]),
  unresolved: (host: string, code: string, retryMs: number) => told.push(['unresolved', host, code, retryMs]),
}

const found = (...ips: string[]) => asked.shift()!.answer(null, ips.map(toLookupAddress))
const notFound = (code: string) => asked.shift()!.answer(Object.assign(new Error(code), { code }), [])
const toLookupAddress = (address: string): LookupAddress => ({
  address,
  family: address.includes(':') ? 6 : 4,
})

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  asked.length = 0
  told.length = 0
})
afterEach(() => {
  vi.useRealTimers()
})

test('the resolver asks once for a name of several backends, and again every 10 s', () => {
  const resolver = new Resolver(['db', 'db', 'cache'], listener, lookup)
  expect(asked).toEqual([])
  resolver.start()
  expect(asked.map((each) => each.host)).toEqual(['db', 'cache'])
  expect(resolver.isResolving('db')).toBe(true)
  found('10.0.0.1', '::1', '10.0.0.1')
  expect(told).toEqual([['resolved', 'db', ['10.0.0.1', '::1']]])
  expect(resolver.isResolving('db')).toBe(false)
  asked.length = 0
  vi.advanceTimersByTime(9999)
  expect(asked).toEqual([])
  vi.advanceTimersByTime(1)
  expect(asked.map((each) => each.host)).toEqual(['db'])
  resolver.stop()
})

test('the resolver reports a failure and retries after 1 s to 30 s, until an answer comes', () => {
  const resolver = new Resolver(['db'], listener, lookup)
  resolver.start()
  const pauses = [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]
  for (const ms of pauses) {
    notFound('EAI_AGAIN')
    expect(told.pop()).toEqual(['unresolved', 'db', 'EAI_AGAIN', ms])
    vi.advanceTimersByTime(ms - 1)
    expect(asked).toEqual([])
    vi.advanceTimersByTime(1)
    expect(asked.length).toBe(1)
  }
  found('10.0.0.1')
  vi.advanceTimersByTime(10_000)
  notFound('ENOTFOUND')
  expect(told).toEqual([
    ['resolved', 'db', ['10.0.0.1']],
    ['unresolved', 'db', 'ENOTFOUND', 1000],
  ])
  resolver.stop()
})

test('the resolver takes an IPv4-mapped address and its IPv4 address as one', () => {
  const resolver = new Resolver(['db'], listener, lookup)
  resolver.start()
  found('::ffff:10.0.0.1', '10.0.0.1', '::1')
  expect(told).toEqual([['resolved', 'db', ['10.0.0.1', '::1']]])
  resolver.stop()
})

test('the resolver reports an answer without addresses as ENOTFOUND', () => {
  const resolver = new Resolver(['db'], listener, lookup)
  resolver.start()
  found()
  expect(told).toEqual([['unresolved', 'db', 'ENOTFOUND', 1000]])
  resolver.stop()
})

test('the resolver ignores an answer that comes after its stop, and asks no more', () => {
  const resolver = new Resolver(['db', 'cache'], listener, lookup)
  resolver.start()
  found('10.0.0.1')
  resolver.stop()
  expect(resolver.isResolving('cache')).toBe(false)
  notFound('ENOTFOUND')
  vi.advanceTimersByTime(120_000)
  expect(told.length).toBe(1)
  expect(asked).toEqual([])
  expect(vi.getTimerCount()).toBe(0)
})

test('the timers of the resolver do not keep the process alive', () => {
  vi.useRealTimers()
  const timers = () => process.getActiveResourcesInfo().filter((each) => each === 'Timeout').length
  const before = timers()
  const resolver = new Resolver(['db', 'cache'], listener, lookup)
  resolver.start()
  found('10.0.0.1')
  notFound('ENOTFOUND')
  expect(timers()).toBe(before)
  resolver.stop()
})
