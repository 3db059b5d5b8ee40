/**
 * The workers that live at this moment, as somebody who asks all of them sees them. It knows nothing of why one is
 * forked; a worker that dies while it is asked has nothing to answer.
 */
import type { Worker } from 'node:cluster'
import { type Call, type ToSupervisor, type ToWorker, unpackError } from './messages.js'

interface Pending {
  readonly worker: Worker
  resolve(value: unknown): void
  reject(error: Error): void
}

export class Crew {
  /** By their place. */
  readonly #workers = new Map<number, Worker>()
  readonly #pending = new Map<number, Pending>()
  #asked = 0

  get workers(): readonly Worker[] {
    return [...this.#workers.values()]
  }

  get places(): readonly number[] {
    return [...this.#workers.keys()]
  }

  join(place: number, worker: Worker): void {
    this.#workers.set(place, worker)
    worker.on('message', (message: ToSupervisor) => {
      if (message.kind !== 'answer') return
      const pending = this.#pending.get(message.id)
      if (!this.#pending.delete(message.id) || pending === undefined) return
      if (message.error === undefined) pending.resolve(message.value)
      else pending.reject(unpackError(message.error))
    })
    worker.once('exit', () => {
      this.#workers.delete(place)
      this.#forget(worker)
    })
  }

  /** The answers of those that live to give one. Rejects with the first error. */
  async ask<Value>(call: Call): Promise<Value[]> {
    const answers = await Promise.all(this.workers.map((worker) => this.#askOne(worker, call)))
    return answers.filter((answer) => answer !== undefined) as Value[]
  }

  /** The same of one; undefined where it died meanwhile. */
  async askAt<Value>(place: number, call: Call): Promise<Value | undefined> {
    const worker = this.#workers.get(place)
    return worker && ((await this.#askOne(worker, call)) as Value | undefined)
  }

  #askOne(worker: Worker, call: Call): Promise<unknown> {
    const id = ++this.#asked
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { worker, resolve, reject })
      send(worker, { kind: 'ask', id, call })
    })
  }

  #forget(gone: Worker): void {
    for (const [id, { worker, resolve }] of this.#pending) {
      if (worker !== gone) continue
      this.#pending.delete(id)
      resolve(undefined)
    }
  }
}

/** A worker on its way out hears nothing; its exit tells. */
export function send(worker: Worker, message: ToWorker): void {
  if (worker.isConnected()) worker.send(message, () => {})
}
