/** What two processes that count together know of the listeners that a connection has passed. */
import { expect, it } from 'vitest'
import type { Address } from '../../../src/address.js'
import type { Arrival } from '../../../src/cluster/dialer.js'
import { createOwnCounts } from '../../../src/limits/counts/own-counts.js'
import { Passages, type TableOfWorkers } from '../../../src/proxy/loops/passages.js'

const OWN: Address = { kind: 'tcp', host: '127.0.0.1', port: 40_000 }
const NAMES = ['a', 'b', 'c']

/** A connection that came from this address to this listener. */
const arrival = (name: string, peer: Address | undefined): Arrival => ({ service: { name }, peer })

const shared = (sources = 100): TableOfWorkers => ({ counts: createOwnCounts({ sources }), sources })
const portAt = (port: number): Address => ({ ...OWN, port }) as Address

it('a connection that came from somewhere else has passed only its own listener', () => {
  const passages = new Passages(undefined, () => NAMES)
  expect(passages.passedBy(arrival('a', OWN))).toEqual(['a'])
  expect(passages.passedBy(arrival('a', undefined))).toEqual(['a'])
})

it('a connection that millrace made to its own listener has passed those before it', () => {
  const passages = new Passages(undefined, () => NAMES)
  passages.open(arrival('b', undefined), OWN, 'c', ['a', 'b'])
  expect(passages.passedBy(arrival('c', OWN))).toEqual(['a', 'b', 'c'])
  expect(passages.passedBy(arrival('b', OWN))).toEqual(['b'])
})

it('another process knows it from the table in which both count', () => {
  const counts = shared()
  const [one, other] = [new Passages(counts, () => NAMES), new Passages(counts, () => NAMES)]
  const client = arrival('b', undefined)
  one.open(client, OWN, 'c', ['a', 'b'])
  expect(other.passedBy(arrival('c', OWN))).toEqual(['a', 'b', 'c'])
  one.ended(client)
  expect(other.passedBy(arrival('c', OWN))).toEqual(['c'])
})

it('passages of all workers leave three quarters of the table to sources', () => {
  const table = shared(8)
  const [one, other] = [new Passages(table, () => NAMES), new Passages(table, () => NAMES)]
  const [client, next] = [arrival('a', undefined), arrival('a', undefined)]
  one.open(client, portAt(1), 'b', ['a'])
  other.open(client, portAt(2), 'b', ['a'])
  one.open(next, portAt(3), 'b', ['a'])
  const told = (at: Passages, port: number) => at.passedBy(arrival('b', portAt(port)))
  expect([told(other, 1), told(one, 2), told(other, 3), told(one, 3)]).toEqual([
    ['a', 'b'],
    ['a', 'b'],
    ['b'],
    ['a', 'b'],
  ])
  one.ended(client)
  one.open(next, portAt(4), 'b', ['a'])
  expect(told(other, 4)).toEqual(['a', 'b'])
})

it('a connection that ends takes nothing from one that has got its address meanwhile', () => {
  const passages = new Passages(undefined, () => NAMES)
  const [first, second] = [arrival('a', undefined), arrival('b', undefined)]
  passages.open(first, OWN, 'c', ['a'])
  passages.open(second, OWN, 'c', ['b'])
  passages.ended(first)
  expect(passages.passedBy(arrival('c', OWN))).toEqual(['b', 'c'])
  passages.ended(second)
  expect(passages.size).toBe(0)
})

it('nothing is left of a connect that failed, or of a connection that ended', () => {
  const passages = new Passages(undefined, () => NAMES)
  const client = arrival('a', undefined)
  const failed = passages.open(client, OWN, 'b', ['a'])
  passages.open(client, portAt(40_001), 'c', ['a'])
  passages.close(failed)
  expect(passages.size).toBe(1)
  passages.ended(client)
  passages.ended(client)
  expect(passages.size).toBe(0)
})
