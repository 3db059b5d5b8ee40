/**
 * How fast an open connection may be. Pure.
 */
import { type Command, InvalidArgumentError } from 'commander'
import { sizeField } from '../../config/schemas/fields.js'
import { faultOfRate } from '../../control/faults.js'
import { LEAST_RATE, MOST_RATE, type RateOrder } from '../../control/orders.js'
import { readBy } from '../flags.js'
import { askingOf, type CommonFlags, given } from './common-flags.js'
import type { Decide } from './question.js'

const NO_LIMIT: RateOrder = { up: 0, down: 0 }
const size = readBy(sizeField({ bytes: LEAST_RATE, text: '1KiB' }, { bytes: MOST_RATE, text: '1TiB' }))

interface LimitFlags extends CommonFlags {
  readonly up?: number
  readonly down?: number
  readonly off?: true
}

export function defineLimit(limit: Command, decide: Decide): void {
  limit
    .argument('<id>', 'the id of the connection, as "millrace connections" prints it')
    .option('--up <rate>', 'from the client to the backend, such as 1MiB/s; off: no limit', rate)
    .option('--down <rate>', 'from the backend to the client, such as 1MiB/s; off: no limit', rate)
    .option('--off', 'no limit, either way')
    .action((id: string, { up, down, off, ...flags }: LimitFlags) => {
      const order = given({ up, down })
      const isEmpty = faultOfRate(order) !== undefined
      if (off && !isEmpty) return limit.error('error: --off is for both ways: remove --up and --down')
      if (!off && isEmpty) return limit.error('error: limit needs --up RATE, --down RATE or --off')
      decide({ verb: 'limit', id, order: off ? NO_LIMIT : order }, askingOf(flags))
    })
}

/** `1MiB/s` or `1MiB`. */
function rate(text: string): number {
  if (text === 'off') return 0
  if (/bit|bps/i.test(text)) throw new InvalidArgumentError('It is in bytes, not bits: write 1MiB/s.')
  return size(text.replace(/\/s$/, ''))
}
