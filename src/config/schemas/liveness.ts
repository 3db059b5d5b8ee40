/**
 * How long a peer may be silent before it counts as gone, as people write it: for all listeners and clusters,
 * and for one of them.
 */
import type * as z from 'zod'
import type { Keepalive, Liveness } from '../../io/liveness.js'
import type { OwnTimeouts } from '../timeouts.js'
import * as fields from './fields.js'

/** The limits of the kernel (MAX_TCP_KEEPIDLE, MAX_TCP_KEEPINTVL, MAX_TCP_KEEPCNT in its tcp.h). */
const MOST_SECONDS = 32_767
const MOST_PROBES = 127

export const keepaliveSchema: z.ZodType<Keepalive | false> = fields.switchable(
  fields.strictMap('false or a map: { idleMs, everyMs, count }', {
    idleMs: fields.secondsField(MOST_SECONDS).default(60_000),
    everyMs: fields.secondsField(MOST_SECONDS).default(15_000),
    count: fields.wholeNumberField(1, MOST_PROBES).default(4),
  }),
)

/** The keepalive of one listener or cluster. */
export const ownKeepalive = fields.optional(keepaliveSchema)

/** The values that one listener or cluster sets itself. */
export interface OwnLiveness {
  readonly keepalive: Keepalive | false | undefined
  readonly timeouts: OwnTimeouts
}

/** `own`, with the values of `common` where it sets none itself. */
export function withLiveness<Own extends OwnLiveness>(
  { keepalive, ...own }: Own,
  common: Liveness,
): Omit<Own, 'keepalive'> & { readonly liveness: Liveness } {
  const liveness = {
    keepalive: keepalive ?? common.keepalive,
    deadPeerMs: own.timeouts.deadPeerMs ?? common.deadPeerMs,
  }
  return { ...own, liveness }
}
