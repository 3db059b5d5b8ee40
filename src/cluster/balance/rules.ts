/** Every rule that `balance` can name, and the balancer that follows it. */
import type { Balancer, Candidate } from './balancer.js'
import { RoundRobin } from './round-robin.js'

export const BALANCERS = {
  'round-robin': RoundRobin,
} satisfies Record<string, new <Item extends Candidate>(items: readonly Item[]) => Balancer<Item>>

export type BalanceRule = keyof typeof BALANCERS

/** Makes the balancer for these backends. Other backends need another balancer. */
export function createBalancer<Item extends Candidate>(
  rule: BalanceRule,
  items: readonly Item[],
): Balancer<Item> {
  return new BALANCERS[rule](items)
}
