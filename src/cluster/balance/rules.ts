/** Every rule that `balance` can name, and the balancer that follows it. */
import type { Balancer, Candidate } from './balancer.js'
import { First } from './first.js'
import { HashChoice, type HashPolicy } from './hash/hash-choice.js'
import { LeastConnections } from './least-connections.js'
import { PowerOfTwoChoices } from './p2c.js'
import { RandomChoice } from './random.js'
import { RoundRobin } from './round-robin.js'

export interface BalancePolicy {
  readonly balance: BalanceRule
  /** With `balance: hash`, and only with it. */
  readonly hash: HashPolicy | undefined
}

/** These parts of the options of a cluster. */
export const policyOf = ({ balance, hash }: BalancePolicy): BalancePolicy => ({ balance, hash })

interface Parts {
  readonly hash: HashPolicy | undefined
  /** A connection has no key to hash. */
  readonly foundNoKey: () => void
}

type Create = <Item extends Candidate>(items: readonly Item[], parts: Parts) => Balancer<Item>

export const BALANCERS = {
  'round-robin': (items) => new RoundRobin(items),
  'least-connections': (items) => new LeastConnections(items),
  p2c: (items) => new PowerOfTwoChoices(items),
  random: (items) => new RandomChoice(items),
  first: (items) => new First(items),
  hash: (items, { hash, foundNoKey }) => new HashChoice(items, hash!, foundNoKey),
} satisfies Record<string, Create>

export type BalanceRule = keyof typeof BALANCERS

/** One for these backends. Other backends, another balancer. */
export function createBalancer<Item extends Candidate>(
  { balance, hash }: BalancePolicy,
  items: readonly Item[],
  foundNoKey: () => void,
): Balancer<Item> {
  const create: Create = BALANCERS[balance]
  return create(items, { hash, foundNoKey })
}
