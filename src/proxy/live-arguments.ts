/** What `limit` of a connection may be given. It loads no config. */
import { carryOut, type Door, number, readOptions } from '../arguments.js'
import type { RateOrder } from '../control/orders.js'
import type { ConnectionLimit } from './live-connection.js'

const bytesPerSecond = number('bytes per second, or 0 for no limit')

/** The rates of a connection by its id. */
export const LIMIT: Door<RateOrder> = {
  name: 'limit',
  argument: 'order',
  fields: { up: bytesPerSecond, down: bytesPerSecond },
}

const CONNECTION_RATES: Door<RateOrder> = { ...LIMIT, argument: 'order.bytesPerSecond' }

const CONNECTION_LIMIT: Door<ConnectionLimit> = {
  name: 'limit',
  argument: 'order',
  fields: {
    bytesPerSecond: {
      wanted: 'a number of bytes per second, or { up, down }',
      accepts: (value): value is number | RateOrder => typeof value === 'number' || isMap(value),
    },
  },
  required: ['bytesPerSecond'],
}

/** @throws MillraceError `bad-argument` */
export function readConnectionLimit(given: unknown): RateOrder {
  const { bytesPerSecond: rates } = readOptions(CONNECTION_LIMIT, given)
  if (typeof rates === 'number') return { up: rates, down: rates }
  return readOptions(CONNECTION_RATES, rates)
}

/** What is wrong with the rates is told with the names of the function and of the argument. */
export const limited = (order: () => void): void => carryOut(CONNECTION_RATES, order)

const isMap = (value: unknown): value is object => typeof value === 'object' && value !== null
