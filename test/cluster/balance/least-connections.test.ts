/** HAProxy's formula for `leastconn`, and the turns of equal backends. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { First } from '../../../src/cluster/balance/first.js'
import { LeastConnections } from '../../../src/cluster/balance/least-connections.js'
import { random } from '../../support/bytes.js'
import { candidatesOf } from './candidates-of.js'

const all = () => true

it('least connections picks the smallest (connections + 1) / weight, and an idle backend before all', () => {
  const backends = fc.array(fc.record({ weight: fc.integer({ min: 1, max: 50 }), open: fc.nat(40) }), {
    minLength: 1,
    maxLength: 12,
  })
  fc.assert(
    fc.property(backends, fc.nat(20), (each, picksBefore) => {
      const candidates = candidatesOf(...each.map(({ weight }) => weight))
      const balancer = new LeastConnections(candidates)
      for (let i = 0; i < picksBefore; i++) balancer.pick(all)
      for (const [index, { open }] of each.entries()) candidates[index]!.active = open
      const loads = each.map(({ weight, open }) => (open === 0 ? 0 : (open + 1) / weight))
      expect(loads[balancer.pick(all)!.index]).toBe(Math.min(...loads))
    }),
  )
})

it('least connections picks equal backends in turn', () => {
  const candidates = candidatesOf(1, 1, 1)
  const balancer = new LeastConnections(candidates, () => 0)
  const picks = Array.from({ length: 6 }, () => balancer.pick(all)!.index)
  expect(picks).toEqual([0, 1, 2, 0, 1, 2])
})

it('100,000 connections that stay are shared out by weight, to the last one', () => {
  const weights = [1, 2, 5, 12]
  const candidates = candidatesOf(...weights)
  const balancer = new LeastConnections(candidates)
  for (let i = 0; i < 100_000; i++) balancer.pick(all)!.active += 1
  for (const { weight, active } of candidates)
    expect(Math.abs(active - 5000 * weight)).toBeLessThan(weight + 1)
})

it('a backend that came back without connections does not get all of the next ones while it starts slowly', () => {
  const candidates = candidatesOf(10, 10)
  candidates[0]!.active = 100
  candidates[1]!.share = 1
  const balancer = new LeastConnections(candidates, random(1))
  for (let i = 0; i < 400; i++) balancer.pick(all)!.active += 1
  // It has a tenth of its weight, so it gets a tenth of the picks, although it has the fewest connections.
  expect(candidates[1]!.active).toBeGreaterThan(20)
  expect(candidates[1]!.active).toBeLessThan(60)
  expect(balancer.pick(({ index }) => index === 1)).toBe(candidates[1])
})

it('balance: first takes the first candidate in the order of the config, whatever its weight', () => {
  const candidates = candidatesOf(1, 1000)
  const balancer = new First(candidates)
  for (let i = 0; i < 10; i++) expect(balancer.pick(all)?.index).toBe(0)
  expect(balancer.pick(({ index }) => index > 0)?.index).toBe(1)
})

it('least connections begins with a backend drawn at random, so that workers do not all begin with the first', () => {
  const firsts = Array.from(
    { length: 20 },
    (_, seed) => new LeastConnections(candidatesOf(1, 1, 1, 1), random(seed)).pick(all)!.index,
  )
  expect(new Set(firsts).size).toBe(4)
})

it("two backends that start slowly together do not get each other's clients", () => {
  const candidates = candidatesOf(10, 10, 10, 10)
  for (const item of candidates.slice(0, 2)) item.active = 100
  for (const item of candidates.slice(2)) item.share = 1
  const balancer = new LeastConnections(candidates, random(2))
  for (let i = 0; i < 400; i++) balancer.pick(all)!.active += 1
  expect(candidates[2]!.active + candidates[3]!.active).toBeLessThan(60)
})
