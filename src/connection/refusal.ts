/**
 * Why a connection ends before its pipe. The steps of a negotiation throw it. The connection catches it, in
 * one place.
 */
import { ALL_DOWN, type DialFailed, LOOP, NOT_ALLOWED } from '../cluster/dial.js'
import { QUEUE_FULL, QUEUE_TIMEOUT } from '../cluster/queue/cluster-queue.js'
import { SHORTAGES } from '../errors.js'
import type { Dialogue, DialogueOver } from '../io/dialogue.js'
import { type EndCause, kindOf, type OpeningCause } from '../observe/endings.js'
import type { RecordEnding } from '../observe/records/record.js'
import type { OrderedCause } from '../pipe/options.js'
import type { ErrorStatus } from '../websocket/error-answer.js'

/** EADDRNOTAVAIL: no source port of our own is left for this backend. */
const OWN_SHORTAGES: ReadonlySet<string> = new Set([...SHORTAGES, 'EADDRNOTAVAIL'])

export class Refusal extends Error {
  readonly ending: RecordEnding
  /** What a client that speaks HTTP is told. Any other client gets a reset. */
  readonly status: ErrorStatus | undefined

  constructor(ending: RecordEnding, status = statusOf(ending)) {
    super(ending.cause)
    this.name = 'Refusal'
    this.ending = ending
    this.status = status
  }
}

/** Turns a client away before it has a cluster. `status` replaces the usual one of the cause. */
export function refuse(cause: OpeningCause, status?: ErrorStatus): Refusal {
  return new Refusal({ by: 'proxy', phase: 'opening', cause }, status)
}

/** The backend offers no TLS that we can use. */
export function badTls(why: string): Refusal {
  return new Refusal({ by: 'backend', phase: 'response', cause: `backend-tls: ${why}` })
}

/** The ending for a wait that failed, on either side. */
export function endingOf(
  { why, errno, at }: DialogueOver,
  backend: Dialogue | undefined,
  phase: RecordEnding['phase'],
  orderedEnd: OrderedCause = 'ordered',
): RecordEnding {
  const by = at === backend ? 'backend' : 'client'
  if (why === 'cancelled') return { by: 'proxy', phase, cause: orderedEnd }
  if (why === 'timed-out') return { by, phase, cause: whyTooSlow(by, phase) }
  if (phase === 'data') return { by, phase, cause: 'reset', errno }
  return { by, phase, cause: by === 'client' ? 'client-gone' : 'backend-gone', errno }
}

function whyTooSlow(by: 'client' | 'backend', phase: RecordEnding['phase']): EndCause {
  if (phase === 'opening') return 'first-bytes-timeout'
  return by === 'backend' && phase === 'response' ? 'response-timeout' : 'idle-timeout'
}

/** What a client that speaks HTTP is told. */
export const statusOf = (ending: RecordEnding): ErrorStatus | undefined => kindOf(ending).status

/**
 * The ending for a dial that brought no backend. `wasQueued`: it never came further than the queue. `refusal`: the limit of
 * the cluster that refused the client.
 */
export function whyNoBackend(
  { error, notAllowed, via }: DialFailed,
  judge: { readonly whyDown: string },
  wasQueued: boolean,
  refusal?: OpeningCause,
): RecordEnding {
  if (refusal !== undefined) return { by: 'proxy', phase: 'connect', cause: refusal }
  const phase = wasQueued ? 'queue' : 'connect'
  const ending = (by: RecordEnding['by'], cause: EndCause): RecordEnding => ({
    by,
    phase,
    cause,
    errno: error,
  })
  if (error === QUEUE_TIMEOUT) return { by: 'backend', phase: 'queue', cause: 'queue-timeout' }
  if (error === QUEUE_FULL) return { by: 'backend', phase: 'queue', cause: 'queue-full' }
  if (OWN_SHORTAGES.has(error)) return ending('proxy', 'out-of-resources')
  if (error === LOOP) return { by: 'proxy', phase: 'connect', cause: 'loop' }
  if (via?.failure !== undefined)
    return ending('proxy', error === 'ETIMEDOUT' ? 'via-timeout' : `via: ${via.failure.detail}`)
  if (error === ALL_DOWN) {
    const why = judge.whyDown
    return {
      by: 'backend',
      phase,
      cause: why === '' ? 'backends-down' : `backends-down: ${why}`,
    }
  }
  if (error === NOT_ALLOWED) return { by: 'proxy', phase: 'connect', cause: `not-allowed: ${notAllowed}` }
  if (error === 'ECANCELED') return ending('proxy', 'ordered')
  return ending('backend', error === 'ETIMEDOUT' ? 'connect-timeout' : 'no-backend')
}
