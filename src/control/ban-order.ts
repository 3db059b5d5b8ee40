/** Checks an order to ban clients. Whoever reads its network checks that. Pure. */
import { LONGEST_DURATION_MS } from '../config/constants.js'
import { MillraceError } from '../errors.js'
import { faultOfBan } from './faults.js'
import { type BanOrder, MOST_WHY_CHARS } from './orders.js'

/** The client must be a network. @throws MillraceError `bad-argument` */
export function checkBan(order: BanOrder): void {
  const { client, forMs, why = '' } = order
  if (!(Number.isInteger(forMs) && forMs >= 1 && forMs <= LONGEST_DURATION_MS))
    throw bad(`forMs: expected whole ms from 1 to ${LONGEST_DURATION_MS} (24 days), found ${forMs}`)
  if (why.length > MOST_WHY_CHARS)
    throw bad(`why: expected at most ${MOST_WHY_CHARS} characters, found ${why.length}`)
  if (faultOfBan(order) !== undefined)
    throw bad(`client: ${client} is wider than /8, or /16 of IPv6: set all to true if you mean all of it`)
}

const bad = (message: string): MillraceError => new MillraceError('bad-argument', message)
