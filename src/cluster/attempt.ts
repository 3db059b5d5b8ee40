/**
 * One client's attempt to get a backend. It tries one candidate after the other until one connects. It owns
 * the connect in progress, its stay in the queue and the wait in between, and nothing once `done` was called. It
 * does not choose the next candidate. If the first candidate connects, it sets no timer.
 */

import type { ResolvedAddress } from '../address.js'
import { SHORTAGES } from '../errors.js'
import type { Dial } from '../io/engine.js'
import { sourceOf, USUAL_PREFIXES } from '../source.js'
import type { AttemptHost, Next, Waiting } from './attempt-host.js'
import { Backend } from './backend.js'
import { Full } from './candidates.js'
import { ALL_DOWN, type Dialling, type DialRequest, type DialResult, LOOP } from './dial.js'
import { type DialerOutcome, type Through, withClientPort } from './dialer.js'
import { QUEUE_FULL, QUEUE_TIMEOUT, type QueuePosition } from './queue/cluster-queue.js'
import { QueueStay } from './queue/queue-stay.js'
import type { Waiter } from './queue/waiter.js'
import { type RaceOutcome, race } from './race.js'
import { Tried } from './tried.js'

const SHORTAGE_PAUSE_MS = 50
/** A connect of another client may be on its way to the only backend. Its end is no event here. */
const LONGEST_LOOK_MS = 1000
/** Other processes can take a place between the pick and the connect. Nobody has to try for ever. */
const MOST_PICKS = 8
const NOBODY: readonly Backend[] = []
const OF_QUEUE: ReadonlySet<string> = new Set([QUEUE_FULL, QUEUE_TIMEOUT])

export class Attempt implements Dialling, Waiting, Waiter {
  readonly #host: AttemptHost
  readonly #request: DialRequest
  readonly connectMs: number
  /** The only backend that it waits for in the queue. */
  wants: Backend | undefined
  #done: ((result: DialResult) => void) | undefined
  #backend: Backend | undefined
  #dial: Dial | undefined
  /** Undefined while no backend has failed. */
  #tried: Tried | undefined
  #tries = 0
  #error: string | undefined
  /** Of the last dial. */
  #via: Through | undefined
  #isShort = false
  #waitUntil: number | undefined
  /** The end of its wait for a backend that works. Undefined: it has not waited for that. */
  #downUntil: number | undefined
  #timer: NodeJS.Timeout | undefined
  readonly #stay: QueueStay

  constructor(host: AttemptHost, request: DialRequest, done: (result: DialResult) => void) {
    this.#host = host
    this.#stay = new QueueStay(host)
    this.#request = request
    this.connectMs = request.connectMs
    this.#done = done
  }

  /** `position`: where it already stands in the queue. */
  start(position?: QueuePosition): void {
    if (position !== undefined) this.#stay.takeOver(position)
    this.#advance()
  }

  get queuedMs(): number | undefined {
    return this.#stay.queuedMs
  }

  get isQueued(): boolean {
    return this.#stay.isWaiting || (this.queuedMs !== undefined && this.#tries === 0)
  }

  get source(): string {
    return sourceOf(this.#request.clientAddress, USUAL_PREFIXES)
  }

  get isChoosy(): boolean {
    return this.wants !== undefined || this.#tried !== undefined
  }

  tryAgain(): boolean {
    const { position } = this.#stay
    this.#advance()
    return this.#stay.position !== position
  }

  cancel(): void {
    this.#done = undefined
    this.#stopWaiting()
    this.#stay.leave()
    if (this.#dial === undefined) return
    this.#dial.cancel()
    this.#dial = undefined
    this.#backend?.dialDropped()
  }

  /** Continues after a wait: names or verdicts have changed, or the time is over. */
  resume(): void {
    this.#stopWaiting()
    if (this.#host.queue.isHeld) this.#waitForRelease()
    else if (this.#host.now() >= this.#deadline())
      this.abandon(this.#downUntil === undefined ? 'ETIMEDOUT' : ALL_DOWN)
    else if (this.#isShort && this.#backend?.endpoints.current !== undefined && this.#backend.begin())
      this.#connect(this.#backend)
    else this.#advance()
  }

  /** Ends without a backend: with the error of the last connect, or with `error` if there was none. */
  abandon(error: string): void {
    this.#stopWaiting()
    this.#stay.left()
    const result = {
      error: OF_QUEUE.has(error) ? error : (this.#error ?? error),
      backend: this.#backend,
      retries: this.#retries(),
      via: this.#via,
    }
    // Not at once, because `dial` may not have returned yet.
    queueMicrotask(() => this.#finish(result))
  }

  #advance(): void {
    if (this.#host.isStopped()) {
      this.abandon('ECANCELED')
      return
    }
    if (this.#host.queue.isHeld) {
      this.#waitForRelease()
      return
    }
    const next = this.#pick()
    if (next instanceof Full) this.#joinQueue(next.only)
    else this.#goOn(next)
  }

  /** A backend that it returns has counted the connect already. */
  #pick(): Next {
    for (let picks = 0; picks < MOST_PICKS; ++picks) {
      const next = this.#host.next(this.#request, this.#tried?.backends ?? NOBODY)
      if (!(next instanceof Backend) || next.begin()) return next
    }
    return new Full(undefined)
  }

  /** `only`: it waits for this backend and no other. */
  #joinQueue(only?: Backend): void {
    this.wants = only
    const isNew = !this.#stay.isWaiting
    if (!this.#stay.join(this)) this.abandon(QUEUE_FULL)
    else if (isNew) this.#request.queued?.()
  }

  /** An operator holds the cluster since this attempt began. It begins anew at the release: backends that failed may be back. */
  #waitForRelease(): void {
    this.#backend = undefined
    this.#error = undefined
    this.#isShort = false
    this.#tried = undefined
    this.#waitUntil = undefined
    this.#downUntil = undefined
    this.#joinQueue()
  }

  /** It keeps its position in the queue until it knows what to do instead of waiting there. */
  #goOn(next: Exclude<Next, Full>): void {
    if (next === undefined && this.#tried?.beginNextRound() === true) {
      this.#advance()
      return
    }
    this.#stay.left()
    if (next === 'resolving') this.#wait(this.connectMs)
    else if (next === 'all-down') this.#waitForAny()
    else if (next !== undefined) this.#connect(next)
    else this.abandon(this.#host.whyNone())
  }

  /** All backends are down. Those that have failed may be tried again. The time goes on whatever is tried meanwhile. */
  #waitForAny(): void {
    const now = this.#host.now()
    this.#downUntil ??= this.#deadline()
    this.#waitUntil = this.#downUntil
    this.#tried = undefined
    if (now >= this.#downUntil) this.abandon(ALL_DOWN)
    else this.#wait(Math.max(SHORTAGE_PAUSE_MS, Math.min(this.#host.dueMs(), LONGEST_LOOK_MS)))
  }

  #connect(backend: Backend): void {
    const { current, other } = backend.endpoints
    // A candidate always has an address.
    const address = current!
    this.#backend = backend
    if (!this.#isShort) this.#tries += 1
    const { engine } = this.#host
    const client = this.#request
    if (other === undefined) {
      const settled = (outcome: DialerOutcome): void => this.#settled(backend, address, outcome)
      this.#dial = engine.dial(address, this.connectMs, settled, client)
      return
    }
    const raced = (outcome: RaceOutcome): void => {
      if (outcome.socket !== undefined) backend.endpoints.won(outcome.address)
      for (const each of outcome.failed) backend.endpoints.failed(each)
      this.#settled(backend, outcome.address, outcome)
    }
    this.#dial = race(engine, [address, other], this.connectMs, raced, client)
  }

  #settled(backend: Backend, address: ResolvedAddress, { socket, errno, via }: DialerOutcome): void {
    this.#dial = undefined
    this.#via = via
    if (socket !== undefined && !backend.isEnabled) {
      // The backend was taken out while the connect was in progress.
      socket.reset()
      backend.dialDropped()
      this.#tryAnother(backend, 'EHOSTDOWN')
    } else if (socket !== undefined && this.#host.queue.isHeld) {
      // A drain of this hold knows only connections that were there when it began.
      socket.reset()
      backend.dialDropped()
      this.#waitForRelease()
    } else if (socket !== undefined) {
      this.#host.succeeded(backend)
      const reached = withClientPort(address, this.#request)
      this.#finish({ socket, backend, address: reached, retries: this.#retries(), via })
    } else if (SHORTAGES.has(errno)) {
      backend.dialDropped()
      this.#paused(errno)
    } else if (errno === LOOP) {
      // The backend works for clients that come by another listener.
      backend.dialDropped()
      this.#tryAnother(backend, errno)
    } else if (via?.failure !== undefined) {
      backend.dialDropped()
      if (via.failure.mayTryNext || this.#host.queue.isHeld) this.#tryAnother(backend, errno)
      else this.#finish({ error: errno, backend, retries: this.#retries(), via })
    } else {
      this.#host.failed(backend, address, errno)
      this.#tryAnother(backend, errno)
    }
  }

  #paused(errno: string): void {
    this.#error = errno
    this.#isShort = true
    if (this.#host.isStopped()) this.abandon(errno)
    else this.#wait(SHORTAGE_PAUSE_MS)
  }

  #tryAnother(backend: Backend, errno: string): void {
    this.#request.explanation?.failed(backend, errno)
    this.#error = errno
    this.#isShort = false
    this.#waitUntil = undefined
    this.#tried ??= new Tried()
    this.#tried.add(backend)
    this.#advance()
  }

  #wait(ms: number): void {
    this.#waitUntil = this.#deadline()
    const remainingMs = this.#waitUntil - this.#host.now()
    this.#host.waiting.add(this)
    if (ms > 0) this.#timer = setTimeout(() => this.resume(), Math.min(ms, remainingMs)).unref()
  }

  /** Waits in a row share one deadline, until a connect fails for another reason than a shortage. */
  #deadline(): number {
    if (this.#waitUntil !== undefined) return this.#waitUntil
    return this.connectMs > 0 ? this.#host.now() + this.connectMs : Number.POSITIVE_INFINITY
  }

  #stopWaiting(): void {
    clearTimeout(this.#timer)
    this.#host.waiting.delete(this)
  }

  #retries(): number {
    return Math.max(0, this.#tries - 1)
  }

  #finish(result: DialResult): void {
    const done = this.#done
    this.#done = undefined
    done?.(result)
  }
}
