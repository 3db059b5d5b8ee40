/**
 * The queue of one cluster. Clients wait here because all backends that they may have are full, because the cluster has reached
 * a limit, or because an operator holds it. They are asked in the order of their turns whenever a place may be free, until each
 * has a place, has waited too long or has left. It never picks a backend: whoever waits knows what it waits for.
 */
import type { Counts } from '../../limits/counts/counts.js'
import { SharedTurns } from '../../limits/counts/shared-turns.js'
import { FairQueue, type OfferAnswer, type Queued } from './fair-queue.js'
import type { QueuePolicy, Waiter } from './waiter.js'

/** The error of a client that has waited too long. */
export const QUEUE_TIMEOUT = 'QUEUE_TIMEOUT'
/** The error of a client that may not wait, or that waits no more because a client of another source needs the room. */
export const QUEUE_FULL = 'QUEUE_FULL'

/**
 * After how many ms a worker looks for places that others have freed, at most. Half of it at least, because workers must not
 * look at the same moment.
 */
const LONGEST_LOOK_MS = 6

export interface QueueHost {
  readonly name: string
  /** Undefined: this process counts alone. */
  readonly counts: Counts | undefined
  policy(): QueuePolicy
  /** One more waits. */
  queued(): void
  now(): number
  /** At least 0, less than 1. */
  random(): number
}

/** Where somebody stands in the queue. */
export class QueuePosition implements Queued {
  waiter: Waiter
  readonly source: string
  readonly since: number
  /** In the shared table. */
  readonly entry: number
  timer: NodeJS.Timeout | undefined
  isChoosy = false

  constructor(waiter: Waiter, since: number, entry: number) {
    this.waiter = waiter
    this.source = waiter.source
    this.since = since
    this.entry = entry
  }
}

export class ClusterQueue {
  readonly #host: QueueHost
  readonly #positions = new FairQueue<QueuePosition>()
  readonly #turns: SharedTurns
  /** How many of them are choosy. */
  #choosy = 0
  /** What has had a place since the last look. */
  readonly #freed = new Set<object>()
  #isLookDue = false
  #poll: NodeJS.Timeout | undefined
  #heldUntil: number | undefined
  #holdTimer: NodeJS.Timeout | undefined

  constructor(host: QueueHost) {
    this.#host = host
    this.#turns = new SharedTurns(host.counts, `queue/${host.name}`)
  }

  get length(): number {
    return this.#positions.length
  }

  /**
   * Whether a new client may try at once. Nobody may if an operator holds the cluster or if clients wait in another worker, because
   * those have waited longer. If clients wait here, they are asked first. The new one may try if each of them then waits for
   * backends that may not be those of the new one.
   */
  mayNewTry(): boolean {
    const { length } = this
    if (this.#heldUntil !== undefined || this.#turns.waiting(length) > length) return false
    this.look()
    return this.#choosy === this.length
  }

  /**
   * Lets somebody wait. With `position` it waits on where another one stood that it replaces. If the queue is full, a client of a
   * source that has more clients here leaves for it. The answer is an error if it may not wait.
   */
  join(waiter: Waiter, position?: QueuePosition): QueuePosition | typeof QUEUE_FULL {
    if (position !== undefined) {
      position.waiter = waiter
      return position
    }
    const { isRefusing, length } = this.#host.policy()
    if (isRefusing && this.#heldUntil === undefined) return QUEUE_FULL
    const entry = this.#turns.join(this.length, length) ?? this.#makeRoom(waiter)
    if (entry === undefined) return QUEUE_FULL
    const joined = new QueuePosition(waiter, this.#host.now(), entry)
    this.#positions.add(joined)
    this.#host.queued()
    this.#note(joined)
    if (this.#heldUntil === undefined) this.#limit(joined)
    this.#pollLater()
    return joined
  }

  /** It does not wait any more. */
  leave(position: QueuePosition): void {
    if (this.#positions.delete(position)) this.#left(position)
  }

  /**
   * A place is free at this backend, or in the limits of this cluster. It is given away a moment later, because what has ended is
   * still being closed.
   */
  freed(backend: object): void {
    if (this.length === 0) return
    this.#freed.add(backend)
    if (this.#isLookDue) return
    this.#isLookDue = true
    queueMicrotask(() => {
      this.#isLookDue = false
      const freed = [...this.#freed]
      this.#freed.clear()
      if (this.length === 0) return
      if (this.#turns.isOwnTurn(this.length)) for (const each of freed) this.#look(each)
      else this.#letOthersLook()
    })
  }

  /** Anything may have changed: weights, health, names, limits. */
  look(): void {
    if (this.length > 0) this.#look()
  }

  /**
   * An operator holds the cluster: nobody new gets a backend. Those who wait have all the time of the hold. It ends after
   * `maxMs`, and `ended` is told so.
   */
  hold(maxMs: number, ended?: () => void): void {
    const over = (): void => {
      this.release()
      ended?.()
    }
    this.#heldUntil = this.#host.now() + maxMs
    clearTimeout(this.#holdTimer)
    this.#holdTimer = setTimeout(over, maxMs).unref()
    for (const position of this.#positions.inTurn()) clearTimeout(position.timer)
    clearTimeout(this.#poll)
    this.#poll = undefined
  }

  /** Those who still find no place have their usual time from now on. Returns false if nobody held the cluster. */
  release(): boolean {
    if (this.#heldUntil === undefined) return false
    this.#heldUntil = undefined
    clearTimeout(this.#holdTimer)
    this.look()
    for (const position of this.#positions.inTurn()) this.#limit(position)
    this.#pollLater()
    return true
  }

  /** Whether an operator holds the cluster. */
  get isHeld(): boolean {
    return this.#heldUntil !== undefined
  }

  /** How long the hold still lasts, in ms. Undefined: nobody holds the cluster. */
  get heldMs(): number | undefined {
    return this.#heldUntil === undefined ? undefined : Math.max(0, this.#heldUntil - this.#host.now())
  }

  /** Everybody who waits gets this error. A hold ends. */
  close(error: string): void {
    this.#heldUntil = undefined
    clearTimeout(this.#holdTimer)
    clearTimeout(this.#poll)
    this.#poll = undefined
    for (const position of [...this.#positions.inTurn()]) {
      this.leave(position)
      position.waiter.abandon(error)
    }
  }

  /** How many wait for one backend and no other, by backend. */
  waitingFor(): ReadonlyMap<object, number> {
    const counts = new Map<object, number>()
    if (this.#choosy === 0) return counts
    for (const { waiter } of this.#positions.inTurn()) {
      if (waiter.wants !== undefined) counts.set(waiter.wants, (counts.get(waiter.wants) ?? 0) + 1)
    }
    return counts
  }

  /** How long the client waits that has waited longest. 0: nobody waits. */
  get longestWaitMs(): number {
    const now = this.#host.now()
    let oldest = now
    for (const { since } of this.#positions.first()) oldest = Math.min(oldest, since)
    return now - oldest
  }

  /** `free`: only this backend has a place. */
  #look(free?: object): void {
    if (this.#heldUntil !== undefined) return
    const full = new Set<object | undefined>()
    const answerOf = (position: QueuePosition): OfferAnswer => {
      const { waiter } = position
      const { wants, isChoosy } = waiter
      const isHopeless = isChoosy ? full.has(wants ?? position) : full.has(undefined)
      if (isHopeless || (free !== undefined && wants !== undefined && wants !== free)) return 'passes'
      if (waiter.tryAgain()) return 'takes'
      this.#note(position)
      full.add(position.isChoosy ? (position.waiter.wants ?? position) : undefined)
      return this.#choosy === 0 ? 'stops' : 'passes'
    }
    for (;;) {
      const served = this.#positions.offer(answerOf)
      if (served === undefined) return
      this.#left(served)
    }
  }

  #note(position: QueuePosition): void {
    const { isChoosy } = position.waiter
    if (isChoosy === position.isChoosy) return
    position.isChoosy = isChoosy
    this.#choosy += isChoosy ? 1 : -1
  }

  /** Returns the entry of a client that leaves. In the shared table it is for this one now. Undefined: nobody leaves. */
  #makeRoom({ source }: Waiter): number | undefined {
    const position = this.#positions.leavesFor(source)
    if (position === undefined) return undefined
    this.#positions.delete(position)
    this.#forget(position)
    position.waiter.abandon(QUEUE_FULL)
    return position.entry
  }

  #forget(position: QueuePosition): void {
    clearTimeout(position.timer)
    if (position.isChoosy) this.#choosy -= 1
  }

  #left(position: QueuePosition): void {
    this.#forget(position)
    this.#turns.leave(position.entry)
    if (this.length > 0) return
    clearTimeout(this.#poll)
    this.#poll = undefined
  }

  #limit(position: QueuePosition): void {
    const waitMs = this.#host.policy().waitMs ?? position.waiter.connectMs
    clearTimeout(position.timer)
    if (waitMs === 0) return
    const late = (): void => {
      this.leave(position)
      position.waiter.abandon(QUEUE_TIMEOUT)
    }
    position.timer = setTimeout(late, waitMs).unref()
  }

  /** A place is for somebody in another worker. All of them look before this worker looks again. */
  #letOthersLook(): void {
    clearTimeout(this.#poll)
    this.#poll = undefined
    this.#pollLater(LONGEST_LOOK_MS + 1)
  }

  #pollLater(afterMs = (LONGEST_LOOK_MS * (1 + this.#host.random())) / 2): void {
    const isNeeded = this.#turns.areShared || this.#host.policy().mustPoll
    if (!isNeeded || this.#poll !== undefined || this.#heldUntil !== undefined || this.length === 0) return
    const look = (): void => {
      this.#poll = undefined
      this.look()
      this.#pollLater()
    }
    this.#poll = setTimeout(look, afterMs).unref()
  }
}
