/**
 * A dial that cannot begin at once: others wait before it, the cluster has reached a limit, or an operator holds the cluster. It
 * waits in the queue until its turn comes. Then the real dial begins. If that one finds all backends full, it waits on in the
 * same position.
 */
import { sourceOf, USUAL_PREFIXES } from '../source.js'
import { type Dialling, type DialRequest, type DialResult, REFUSED } from './dial.js'
import { type ClusterQueue, QUEUE_FULL, type QueuePosition } from './queue/cluster-queue.js'
import type { Waiter } from './queue/waiter.js'

export interface DialInQueueHost {
  readonly queue: ClusterQueue
  now(): number
  /** Begins the real dial, which may take over this position. */
  begin(request: DialRequest, done: (result: DialResult) => void, position: QueuePosition): Dialling
}

export class DialInQueue implements Dialling, Waiter {
  readonly wants = undefined
  readonly isChoosy = false
  readonly #host: DialInQueueHost
  readonly #request: DialRequest
  #done: ((result: DialResult) => void) | undefined
  #position: QueuePosition | undefined
  #queuedMs = 0
  /** The real dial, once it has begun. */
  #dialling: Dialling | undefined

  constructor(host: DialInQueueHost, request: DialRequest, done: (result: DialResult) => void) {
    this.#host = host
    this.#request = request
    this.#done = done
  }

  start(): void {
    const { queue } = this.#host
    const position = queue.join(this)
    if (position === QUEUE_FULL) {
      this.abandon(QUEUE_FULL)
      return
    }
    this.#position = position
    this.#request.queued?.()
  }

  get source(): string {
    return sourceOf(this.#request.clientAddress, USUAL_PREFIXES)
  }

  get connectMs(): number {
    return this.#request.connectMs
  }

  get queuedMs(): number {
    if (this.#position !== undefined) return this.#host.now() - this.#position.since
    return this.#dialling?.queuedMs ?? this.#queuedMs
  }

  get isQueued(): boolean {
    return this.#dialling === undefined || this.#dialling.isQueued === true
  }

  get mustEnter(): boolean {
    return this.#dialling === undefined
  }

  tryAgain(): boolean {
    const entry = this.#request.enter?.() ?? 'in'
    if (entry === 'wait') return false
    if (entry === 'refused') this.abandon(REFUSED)
    else return this.#begin()
    return true
  }

  abandon(error: string): void {
    this.#leave()
    const done = this.#done
    this.#done = undefined
    // Not at once, because `dial` may not have returned yet.
    queueMicrotask(() => done?.({ error, backend: undefined, retries: 0 }))
  }

  cancel(): void {
    if (this.#position !== undefined) this.#host.queue.leave(this.#position)
    this.#position = undefined
    this.#done = undefined
    this.#dialling?.cancel()
  }

  /** Returns false if the real dial waits on in this position. */
  #begin(): boolean {
    const position = this.#position!
    this.#leave()
    this.#dialling = this.#host.begin(this.#request, (result) => this.#done?.(result), position)
    return position.waiter === this
  }

  #leave(): void {
    this.#queuedMs = this.queuedMs
    this.#position = undefined
  }
}
