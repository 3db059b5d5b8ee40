/**
 * An order to everything arrives with `all`, and is carried out without it. Pure.
 */
import type { FromOutside } from '../../../control/orders.js'

export function withoutAll<Order>(body: unknown): Order {
  const { all, ...order } = body as FromOutside<object>
  return order as Order
}
