/**
 * A Postgres session that can be cancelled is known to the worker that has its connection. Another worker, to which the
 * cancel request has come, asks the supervisor, and that asks the rest.
 */
import type { SessionPlace } from '../postgres/sessions.js'
import type { Call, SessionQuestion, ToWorker } from './messages.js'
import { LOOK_WITHIN_MS, type ServingWorkers } from './slots/serving-workers.js'
import type { WorkerChannel } from './slots/worker-channel.js'

/** The supervisor's part: answers as soon as one of the others has it, or none. */
export async function answerSearch(
  serving: ServingWorkers,
  asking: WorkerChannel,
  { id, session }: SessionQuestion,
): Promise<void> {
  const call: Call = { method: 'findSession', args: [session] }
  const others = serving.channels.filter((channel) => channel !== asking)
  const found = others.map(async (channel) => {
    const outcome = await channel.ask<SessionPlace | undefined>(call, LOOK_WITHIN_MS)
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
