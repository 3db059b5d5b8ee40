/** Checks an order to limit a connection. Pure. */
import { MillraceError } from '../errors.js'
import { faultOfRate } from './faults.js'
import { LEAST_RATE, MOST_RATE, type RateOrder } from './orders.js'

/** @throws MillraceError `bad-argument` */
export function checkRates(order: RateOrder): void {
  if (faultOfRate(order) !== undefined) throw bad('a limit needs up, down or both')
  for (const [name, rate] of Object.entries(order)) {
    if (rate === undefined || rate === 0 || (rate >= LEAST_RATE && rate <= MOST_RATE)) continue
    throw bad(`${name}: expected 0 or bytes per second from ${LEAST_RATE} to ${MOST_RATE}, found ${rate}`)
  }
}

const bad = (message: string): MillraceError => new MillraceError('bad-argument', message)
