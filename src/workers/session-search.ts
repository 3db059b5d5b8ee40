/**
 * Finds a Postgres session in another worker. Only the worker that has the connection knows the session. If
 * the cancel request comes to another worker, that worker asks the supervisor, and the supervisor asks the
 * rest.
 */
import type { SessionPlace } from '../postgres/sessions.js'
import type { Call, SessionQuestion, ToWorker } from './messages.js'
import { LOOK_WITHIN_MS, type ServingWorkers } from './slots/serving-workers.js'
import type { WorkerChannel } from './slots/worker-channel.js'

/** The supervisor's part. It answers as soon as one worker has the session, or when none has it. */
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

/**
 * The part of the worker that asks. The supervisor always answers. Without the supervisor there are no
 * workers either.
 */
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
