/** What two processes that count together know of the listeners that a connection has passed. */
import { expect, it } from 'vitest'
import type { Address } from '../../../src/address.js'
import type { Arrival } from '../../../src/cluster/dialer.js'
import type { Counts } from '../../../src/limits/counts/counts.js'
import { createOwnCounts } from '../../../src/limits/counts/own-counts.js'
import { Passages } from '../../../src/proxy/loops/passages.js'

const OWN: Address = { kind: 'tcp', host: '127.0.0.1', port: 40_000 }
const NAMES = ['a', 'b', 'c']

/** A connection that came from this address to this listener. */
const arrival = (name: string, peer: Address | undefined): Arrival => ({ service: { name }, peer })

function shared(): Counts {
  const counts = createOwnCounts({ sources: 100 })
  return Object.create(counts, { isShared: { value: true } }) as Counts
}

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

it('nothing is left of a connect that failed, or of a connection that ended', () => {
  const passages = new Passages(undefined, () => NAMES)
  const client = arrival('a', undefined)
  const failed = passages.open(client, OWN, 'b', ['a'])
  passages.open(client, { ...OWN, port: 40_001 } as Address, 'c', ['a'])
  passages.close(failed)
  expect(passages.size).toBe(1)
  passages.ended(client)
  passages.ended(client)
  expect(passages.size).toBe(0)
})
