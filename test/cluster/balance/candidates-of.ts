/** Backends as balancers see them, and balancers, for tests. */
import type { Balancer, Candidate } from '../../../src/cluster/balance/balancer.js'
import type { HashPolicy } from '../../../src/cluster/balance/hash/hash-choice.js'
import { type BalanceRule, createBalancer } from '../../../src/cluster/balance/rules.js'

export const BY_SOURCE: HashPolicy = {
  key: { from: 'source', ipv4Bits: 32, ipv6Bits: 128 },
  table: 'rendezvous',
  boundedLoad: 0,
}

export type TestCandidate = { -readonly [Key in keyof Candidate]: Candidate[Key] } & {
  readonly index: number
}

/** One per weight, without connections. */
export const candidatesOf = (...weights: number[]): TestCandidate[] =>
  weights.map((weight, index) => ({
    index,
    name: `10.0.${index >> 8}.${index & 255}:80`,
    weight,
    share: weight,
    active: 0,
    dialling: 0,
  }))

export function balancerOf<Item extends Candidate>(
  rule: BalanceRule,
  items: readonly Item[],
): Balancer<Item> {
  const hash = rule === 'hash' ? BY_SOURCE : undefined
  return createBalancer({ balance: rule, hash }, items, () => {})
}

/**
 * How far counts are from what a formula expects: the chi-squared statistic per degree of freedom. About 1 where the
 * formula holds.
 */
export function chiSquared(counts: readonly number[], expected: readonly number[]): number {
  const sum = counts.reduce(
    (total, count, index) => total + (count - expected[index]!) ** 2 / expected[index]!,
    0,
  )
  return sum / (counts.length - 1)
}

/** What each of the weights gets of `picks`. */
export function sharesOf(weights: readonly number[], picks: number): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return weights.map((weight) => (picks * weight) / total)
}
