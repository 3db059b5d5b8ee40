/**
 * A Postgres session that can be cancelled is known to the worker that has its connection. Another worker, to which the
 * cancel request has come, asks the supervisor, and that asks the rest.
 */
import type { SessionPlace } from '../postgres/sessions.js'
import { type Crew, LOOK_WITHIN_MS } from './crew.js'
import type { Line } from './line.js'
import type { Call, SessionQuestion, ToWorker } from './messages.js'

/** The supervisor's part: answers as soon as one of the others has it, or none. */
export async function answerSearch(
  crew: Crew,
  asking: Line,
  { id, session }: SessionQuestion,
): Promise<void> {
  const call: Call = { method: 'findSession', args: [session] }
  const others = crew.lines.filter((line) => line !== asking)
  const found = others.map(async (line) => {
    const outcome = await line.ask<SessionPlace | undefined>(call, LOOK_WITHIN_MS)
    if (outcome.kind !== 'answer' || outcome.value === undefined) throw new Error('it is not there')
    return outcome.value
  })
  const place = await Promise.any(found).catch(() => undefined)
  asking.send({ kind: 'session', id, place })
}

/** The part of a worker that asks. The supervisor always answers; without it there is no worker either. */
export class SessionSearch {
  readonly #tell: (question: SessionQuestion) => void
  readonly #pending = new Map<number, (place: SessionPlace | undefined) => void>()
  #asked = 0

  constructor(tell: (question: SessionQuestion) => void) {
    this.#tell = tell
  }

  ask(session: string): Promise<SessionPlace | undefined> {
    const id = ++this.#asked
    return new Promise((resolve) => {
      this.#pending.set(id, resolve)
      this.#tell({ kind: 'session', id, session })
    })
  }

  heard({ id, place }: Extract<ToWorker, { kind: 'session' }>): void {
    this.#pending.get(id)?.(place)
    this.#pending.delete(id)
  }
}
