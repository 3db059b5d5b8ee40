/**
 * Why a connection ends before its pipe: thrown by the steps of an opening, caught once, by the connection.
 */
import type { Dialogue, DialogueOver } from '../io/dialogue.js'
import type { OpeningCause, RecordEnding } from '../observe/record.js'
import type { ErrorStatus } from '../websocket/error-answer.js'

export class Refusal extends Error {
  readonly ending: RecordEnding
  /** What a client that speaks HTTP is told; who speaks anything else gets a reset. */
  readonly status: ErrorStatus | undefined

  constructor(ending: RecordEnding, status?: ErrorStatus) {
    super(ending.cause)
    this.name = 'Refusal'
    this.ending = ending
    this.status = status
  }
}

/** A client is turned away before it has a cluster. */
export function refuse(cause: OpeningCause, status?: ErrorStatus): Refusal {
  return new Refusal({ by: 'proxy', phase: 'opening', cause }, status)
}

/** Of a wait that failed, for the one or the other side. */
export function endingOf(
  over: DialogueOver,
  backend: Dialogue | undefined,
  phase: RecordEnding['phase'],
): RecordEnding {
  const { why, errno } = over
  const by = over.at === backend ? 'backend' : 'client'
  if (why === 'called-off') return { by: 'proxy', phase, cause: 'ordered' }
  if (why === 'timed-out')
    return { by, phase, cause: by === 'client' ? 'first-bytes-timeout' : 'response-timeout' }
  return { by, phase, cause: by === 'client' ? 'client-gone' : 'backend-gone', errno }
}
