/**
 * Why a connection ends before its pipe: thrown by the steps of an opening, caught once, by the connection.
 */
import type { DialFailed } from '../cluster/dial.js'
import { SHORTAGES } from '../errors.js'
import type { Dialogue, DialogueOver } from '../io/dialogue.js'
import { type EndCause, kindOf, type OpeningCause } from '../observe/endings.js'
import type { RecordEnding } from '../observe/records/record.js'
import type { OrderedCause } from '../pipe/options.js'
import type { ErrorStatus } from '../websocket/error-answer.js'

/** EADDRNOTAVAIL: no port of our own is left for this backend. */
const OWN_SHORTAGES: ReadonlySet<string> = new Set([...SHORTAGES, 'EADDRNOTAVAIL'])

export class Refusal extends Error {
  readonly ending: RecordEnding
  /** What a client that speaks HTTP is told; who speaks anything else gets a reset. */
  readonly status: ErrorStatus | undefined

  constructor(ending: RecordEnding, status = statusOf(ending)) {
    super(ending.cause)
    this.name = 'Refusal'
    this.ending = ending
    this.status = status
  }
}

/** A client is turned away before it has a cluster. `status`: another one than is usual for the cause. */
export function refuse(cause: OpeningCause, status?: ErrorStatus): Refusal {
  return new Refusal({ by: 'proxy', phase: 'opening', cause }, status)
}

/** A backend has no TLS that could be used. */
export function badTls(why: string): Refusal {
  return new Refusal({ by: 'backend', phase: 'response', cause: `backend-tls: ${why}` })
}

/** Of a wait that failed, for the one or the other side. */
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

/** Of a dial that came to nothing. */
export function whyNoBackend({ error }: DialFailed): RecordEnding {
  const ending = (by: RecordEnding['by'], cause: EndCause): RecordEnding => ({
    by,
    phase: 'connect',
    cause,
    errno: error,
  })
  if (OWN_SHORTAGES.has(error)) return ending('proxy', 'out-of-resources')
  if (error === 'ECANCELED') return ending('proxy', 'ordered')
  return ending('backend', error === 'ETIMEDOUT' ? 'connect-timeout' : 'no-backend')
}
