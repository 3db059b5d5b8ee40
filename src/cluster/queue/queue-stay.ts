/**
 * The time that one dial spends in the queue of its cluster: where it stands, and how long it has been there. A dial can leave the
 * queue and come back. It never decides whether the dial has to wait.
 */
import { type ClusterQueue, QUEUE_FULL, type QueuePosition } from './cluster-queue.js'
import type { Waiter } from './waiter.js'

/** What it needs from its cluster. */
export interface QueueStayHost {
  readonly queue: ClusterQueue
  now(): number
}

export class QueueStay {
  readonly #host: QueueStayHost
  #position: QueuePosition | undefined
  /** In ms, without the present wait. Undefined: it was never queued. */
  #waitedMs: number | undefined

  constructor(host: QueueStayHost) {
    this.#host = host
  }

  /** How long the dial was in the queue so far, in ms. Undefined: never. */
  get queuedMs(): number | undefined {
    if (this.#position === undefined) return this.#waitedMs
    return (this.#waitedMs ?? 0) + this.#host.now() - this.#position.since
  }

  get position(): QueuePosition | undefined {
    return this.#position
  }

  get isWaiting(): boolean {
    return this.#position !== undefined
  }

  /** The dial waits from now on, or it waits on. Returns false if it may not wait. */
  join(waiter: Waiter): boolean {
    const position = this.#host.queue.join(waiter, this.#position)
    if (position === QUEUE_FULL) return false
    this.#position = position
    return true
  }

  /** The dial goes on for another one, which stands in this position. */
  takeOver(position: QueuePosition): void {
    this.#position = position
  }

  /** The dial does not wait any more, and the queue knows it. */
  left(): void {
    this.#waitedMs = this.queuedMs
    this.#position = undefined
  }

  /** The dial is given up. */
  leave(): void {
    if (this.#position !== undefined) this.#host.queue.leave(this.#position)
    this.left()
  }
}
