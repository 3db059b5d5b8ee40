/** What can be wrong with an order to hold or to release a cluster, whatever exists. Pure. */
import { LONGEST_DURATION_MS } from '../config/constants.js'
import { MillraceError } from '../errors.js'
import type { HoldOrder } from './orders.js'

/** @throws MillraceError `bad-argument` */
export function checkHold({ maxMs }: HoldOrder): void {
  if (maxMs > 0 && maxMs <= LONGEST_DURATION_MS) return
  const range = `ms from 1 to ${LONGEST_DURATION_MS} (24 days)`
  throw new MillraceError('bad-argument', `maxMs: expected ${range}, found ${maxMs}`)
}

/** Nobody holds the cluster: there is nothing to release. */
export function isNotHeld(cluster: string): MillraceError {
  return new MillraceError('wrong-state', `nobody holds cluster ${JSON.stringify(cluster)}`)
}
