/** The rules that draw: each backend gets its share, at any number of backends, whoever is no candidate. */
import { describe, expect, it } from 'vitest'
import { PowerOfTwoChoices } from '../../../src/cluster/balance/p2c.js'
import { RandomChoice } from '../../../src/cluster/balance/random.js'
import { random } from '../../support/bytes.js'
import { candidatesOf, chiSquared, sharesOf } from './candidates-of.js'

const PICKS = 100_000
const all = () => true

describe('balance: random', () => {
  it.each([
    [[1, 1, 1, 1]],
    [[1, 2, 3, 10]],
    // Most draws are refused here, so all backends are looked at.
    [[1, 1, 1000]],
  ])('backends of weights %j get connections in proportion to their weights', (weights) => {
    const candidates = candidatesOf(...weights)
    const balancer = new RandomChoice(candidates, random(1))
    const counts = weights.map(() => 0)
    for (let i = 0; i < PICKS; i++) counts[balancer.pick(all)!.index]! += 1
    expect(chiSquared(counts, sharesOf(weights, PICKS))).toBeLessThan(4)
  })

  it('the share of a backend that is no candidate goes to the others by weight', () => {
    const candidates = candidatesOf(5, 1, 2, 1)
    const balancer = new RandomChoice(candidates, random(2))
    const counts = [0, 0, 0, 0]
    for (let i = 0; i < PICKS; i++) counts[balancer.pick(({ index }) => index !== 0)!.index]! += 1
    expect(counts[0]).toBe(0)
    expect(chiSquared(counts.slice(1), sharesOf([1, 2, 1], PICKS))).toBeLessThan(4)
  })

  it('one candidate among 1,000 backends is found', () => {
    const candidates = candidatesOf(...Array.from({ length: 1000 }, () => 1))
    const balancer = new RandomChoice(candidates, random(3))
    expect(balancer.pick(({ index }) => index === 777)?.index).toBe(777)
  })

  it('a greater weight counts as soon as the balancer is told', () => {
    const candidates = candidatesOf(1, 1)
    const balancer = new RandomChoice(candidates, random(4))
    candidates[1]!.weight = 9
    candidates[1]!.share = 9
    balancer.reweighted()
    const counts = [0, 0]
    for (let i = 0; i < PICKS; i++) counts[balancer.pick(all)!.index]! += 1
    expect(chiSquared(counts, sharesOf([1, 9], PICKS))).toBeLessThan(5)
  })

  it('a backend that starts slowly gets the part of its weight that it has', () => {
    const candidates = candidatesOf(4, 4)
    candidates[1]!.share = 1
    const balancer = new RandomChoice(candidates, random(5))
    const counts = [0, 0]
    for (let i = 0; i < PICKS; i++) counts[balancer.pick(all)!.index]! += 1
    expect(chiSquared(counts, sharesOf([4, 1], PICKS))).toBeLessThan(5)
  })
})

describe('balance: p2c', () => {
  /** Connections that stay: after each pick the backend has one more. */
  function fill(weights: readonly number[], picks: number, seed: number): number[] {
    const candidates = candidatesOf(...weights)
    const balancer = new PowerOfTwoChoices(candidates, random(seed))
    for (let i = 0; i < picks; i++) balancer.pick(all)!.active += 1
    return candidates.map(({ active }) => active)
  }

  it('100 equal backends that keep 100,000 connections differ by a few', () => {
    const open = fill(
      Array.from({ length: 100 }, () => 1),
      PICKS,
      1,
    )
    expect(Math.max(...open) - Math.min(...open)).toBeLessThan(12)
  })

  it('backends that keep their connections fill up by weight', () => {
    const open = fill([1, 2, 4], PICKS, 2)
    expect(open.map((count) => count / PICKS)).toEqual([
      expect.closeTo(1 / 7, 2),
      expect.closeTo(2 / 7, 2),
      expect.closeTo(4 / 7, 2),
    ])
  })

  it('of two backends the one with fewer connections for its weight gets the next', () => {
    const candidates = candidatesOf(1, 3)
    candidates[0]!.active = 2
    candidates[1]!.active = 6
    const balancer = new PowerOfTwoChoices(candidates, random(3))
    // (2 + 1) / 1 is more than (6 + 1) / 3.
    for (let i = 0; i < 50; i++) expect(balancer.pick(all)).toBe(candidates[1])
  })

  it('connects in progress count as connections', () => {
    const candidates = candidatesOf(1, 1)
    candidates[0]!.dialling = 1
    const balancer = new PowerOfTwoChoices(candidates, random(4))
    for (let i = 0; i < 50; i++) expect(balancer.pick(all)).toBe(candidates[1])
  })
})
